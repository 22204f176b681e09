use super::*;
use crate::contract;

const TIMEOUT: Duration = Duration::from_secs(10);

fn path(text: &str) -> Path {
    Path::new(text).unwrap()
}

async fn store(faulty: &Faulty, link: &Arc<Link>) -> Arc<dyn Store> {
    loop {
        match faulty.connector(link, &Workers::tokio()).connect().await {
            Ok(store) => return store,
            Err(_) => sleep(Duration::from_millis(100)).await,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn keeps_the_contract() {
    for seed in 0..20 {
        let faulty = Faulty::start(seed, Faults::NONE, TIMEOUT);
        let ends = faulty.clone();
        let connector = faulty.connector(&Link::new(), &Workers::tokio());
        contract::check(&connector, async |store| ends.expire(store.session())).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_ambiguous_change_is_settled_by_a_sync() {
    let (mut happened, mut did_not) = (0, 0);
    for seed in 0..300 {
        let faulty =
            Faulty::start(seed, Faults { cut_after: 200, late: 200, cut_before: 200, ..Faults::ROUGH }, TIMEOUT);
        let store = store(&faulty, &Link::new()).await;
        if !matches!(
            store.create(&path("/a"), Bytes::new(), CreateMode::Persistent).await,
            Err(StoreError::Ambiguous { .. })
        ) {
            continue;
        }
        while store.sync().await.is_err() {}
        let after_sync = faulty.peek(&path("/a")).is_some();
        sleep(TIMEOUT * 3).await;
        assert_eq!(faulty.peek(&path("/a")).is_some(), after_sync, "seed {seed}: it happened after the sync");
        *(if after_sync { &mut happened } else { &mut did_not }) += 1;
    }
    assert!(happened > 20 && did_not > 20, "{happened} happened, {did_not} did not: both must be met");
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_cut_off_for_less_than_its_timeout_lives_on() {
    let faulty = Faulty::start(1, Faults::NONE, TIMEOUT);
    let link = Link::new();
    let store = store(&faulty, &link).await;
    store.create(&path("/mine"), Bytes::new(), CreateMode::Ephemeral).await.unwrap();
    link.cut();
    let refused = store.write(&path("/mine"), Bytes::new(), Expected::Any).await;
    assert!(matches!(refused, Err(StoreError::Ambiguous { .. })), "{refused:?}");
    sleep(TIMEOUT / 2).await;
    assert_eq!(store.state().get(), SessionState::Disconnected);
    link.heal();
    store.state().wait_for(|state| state == SessionState::Connected).await;
    assert!(faulty.peek(&path("/mine")).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_cut_off_for_longer_expires_and_learns_it_late() {
    let faulty = Faulty::start(1, Faults::NONE, TIMEOUT);
    let link = Link::new();
    let store = store(&faulty, &link).await;
    store.create(&path("/mine"), Bytes::new(), CreateMode::Ephemeral).await.unwrap();
    link.cut();
    sleep(TIMEOUT * 13 / 10).await;
    assert!(faulty.peek(&path("/mine")).is_none());
    assert_eq!(store.state().get(), SessionState::Disconnected, "it can't know yet");
    link.heal();
    store.state().wait_for(|state| state == SessionState::Expired).await;
    assert_eq!(store.read(&path("/mine")).await, Err(StoreError::SessionExpired));
}
