//! Groups and Cores, read.

use crate::problem::ApiError;
use crate::view::{CoreList, CoreView, GroupList, GroupView};
use replicator_coordination::session::Session;

pub(crate) async fn cores(session: &Session) -> Result<CoreList, ApiError> {
    let mut cores = Vec::new();
    for group in session.groups().await? {
        cores.extend(session.cores(&group).await?.into_iter().map(CoreView::from));
    }
    Ok(CoreList { cores })
}

pub(crate) async fn groups(session: &Session) -> Result<GroupList, ApiError> {
    let mut groups = Vec::new();
    for group in session.groups().await? {
        let tasks = session.tasks_of_group(&group).await?.into_iter().map(String::from).collect();
        let cores = session.cores(&group).await?.into_iter().map(CoreView::from).collect();
        groups.push(GroupView { group: group.into(), tasks, cores });
    }
    Ok(GroupList { groups })
}
