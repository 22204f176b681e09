//! Between a client and a MySQL or MariaDB server: passes everything on, and at a chosen command holds both sides up.
//!
//! What a client of a server does durably, it does by a command. So the moments just before the server gets each command,
//! and just after it has answered it, are all there are at which it makes a difference that the client is gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::Result;

/// On which side of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The server has not got it.
    Before,
    /// The server has carried it out, the client has no answer.
    After,
}

/// Listens while it lives. Connections may not be encrypted.
pub struct Relay {
    port: u16,
    state: Arc<State>,
    listening: JoinHandle<()>,
}

struct State {
    /// Commands of all connections so far, after logging in.
    commands: AtomicU64,
    /// The number of the command to hold up at, twice, and one more for [`Moment::After`]; 0 for none.
    armed: AtomicU64,
    held: Notify,
}

impl State {
    fn holds(&self, command: u64, moment: Moment) -> bool {
        self.armed.load(Ordering::SeqCst) == number(command, moment)
    }

    /// Says that the moment has come, and never goes on.
    async fn hold(&self) {
        self.held.notify_one();
        std::future::pending().await
    }
}

fn number(command: u64, moment: Moment) -> u64 {
    2 * command + u64::from(moment == Moment::After)
}

impl Relay {
    /// To a server of this host.
    pub async fn start(server_port: u16) -> Result<Relay> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let state = Arc::new(State { commands: AtomicU64::new(0), armed: AtomicU64::new(0), held: Notify::new() });
        let relayed = Arc::clone(&state);
        let listening = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server_port)).await else { continue };
                tokio::spawn(relay(client, server, Arc::clone(&relayed)));
            }
        });
        Ok(Relay { port, state, listening })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Counts commands anew, and holds up at this one, from 1.
    pub fn arm(&self, command: u64, moment: Moment) {
        self.state.commands.store(0, Ordering::SeqCst);
        self.state.armed.store(number(command, moment), Ordering::SeqCst);
    }

    /// Holds nothing up from now on; what is held up stays so until its client is gone.
    pub fn disarm(&self) {
        self.state.armed.store(0, Ordering::SeqCst);
    }

    /// Waits until the moment has come.
    pub async fn held(&self) {
        self.state.held.notified().await;
    }

    /// Commands since it was armed.
    pub fn commands(&self) -> u64 {
        self.state.commands.load(Ordering::SeqCst)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Ends, on both sides, as soon as one of them has.
async fn relay(client: TcpStream, server: TcpStream, state: Arc<State>) {
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let current = Arc::new(AtomicU64::new(0));
    let asking = ask(from_client, to_server, &state, &current);
    let answering = answer(from_server, to_client, &state, &current);
    tokio::select! {
        _ = asking => {}
        _ = answering => {}
    }
}

/// Packets have a length of 3 bytes and a number of 1, which is 0 for the first of a command (MySQL protocol, "Packets").
async fn ask(
    mut client: OwnedReadHalf,
    mut server: OwnedWriteHalf,
    state: &State,
    current: &AtomicU64,
) -> std::io::Result<()> {
    loop {
        let mut header = [0; 4];
        let read = client.read_exact(&mut header);
        // A client that is gone while it is held up is noticed here, by nothing that could be passed on.
        read.await?;
        let [a, b, c, packet] = header;
        let mut body = vec![0; u32::from_le_bytes([a, b, c, 0]) as usize];
        client.read_exact(&mut body).await?;
        if packet == 0 {
            let command = state.commands.fetch_add(1, Ordering::SeqCst) + 1;
            if state.holds(command, Moment::Before) {
                gone(client, state).await;
                return Ok(());
            }
            current.store(command, Ordering::SeqCst);
        }
        server.write_all(&header).await?;
        server.write_all(&body).await?;
    }
}

/// Waits for the end of a client that is held up.
async fn gone(mut client: OwnedReadHalf, state: &State) {
    let mut more = [0; 1];
    tokio::select! {
        () = state.hold() => {}
        _ = client.read(&mut more) => {}
    }
}

async fn answer(
    mut server: OwnedReadHalf,
    mut client: OwnedWriteHalf,
    state: &State,
    current: &AtomicU64,
) -> std::io::Result<()> {
    let mut bytes = vec![0; 64 << 10];
    loop {
        let read = server.read(&mut bytes).await?;
        if read == 0 {
            return Ok(());
        }
        if state.holds(current.load(Ordering::SeqCst), Moment::After) {
            state.hold().await;
        }
        client.write_all(&bytes[..read]).await?;
    }
}
