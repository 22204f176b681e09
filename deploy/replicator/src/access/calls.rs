//! The Server's operations on users, sessions, tokens and the audit.

use super::arguments::Audit;
use crate::client::{Client, answer, send, with_answer};
use crate::exit::{Exit, Failed};
use replicator_model::name::UserName;
use replicator_server::view::{
    AuditList, LoginRequest, NewToken, SessionView, SetupRequest, TokenList, TokenRequest, UserChange, UserList,
    UserRequest, UserView,
};
use reqwest::header::{COOKIE, HeaderMap, SET_COOKIE};
use reqwest::{Method, RequestBuilder};
use serde::Serialize;

/// Entries of the audit that are asked for at a time.
const AUDIT_PAGE: usize = 500;

/// A session of a moment, which makes a token and ends.
pub(crate) struct Cookie(String);

impl Client {
    pub(crate) async fn set_up(&self, first: &SetupRequest) -> Result<(SessionView, Cookie), Failed> {
        self.begin("setup", first).await
    }

    pub(crate) async fn sign_in(&self, login: &LoginRequest) -> Result<(SessionView, Cookie), Failed> {
        self.begin("session", login).await
    }

    async fn begin<T: Serialize>(&self, address: &str, body: &T) -> Result<(SessionView, Cookie), Failed> {
        let (view, headers) = with_answer(self.anonymous(Method::POST, &[address]).json(body)).await?;
        Ok((view, Cookie::set_by(&headers)?))
    }

    pub(crate) async fn create_token_by(&self, cookie: &Cookie, wanted: &TokenRequest) -> Result<NewToken, Failed> {
        answer(cookie.on(self.anonymous(Method::POST, &["tokens"])).json(wanted)).await
    }

    pub(crate) async fn sign_out(&self, cookie: &Cookie) -> Result<(), Failed> {
        send(cookie.on(self.anonymous(Method::DELETE, &["session"]))).await.map(drop)
    }

    pub(crate) async fn session(&self) -> Result<SessionView, Failed> {
        answer(self.request(Method::GET, &["session"], &[])).await
    }

    pub(crate) async fn users(&self) -> Result<UserList, Failed> {
        answer(self.request(Method::GET, &["users"], &[])).await
    }

    pub(crate) async fn create_user(&self, user: &UserRequest) -> Result<UserView, Failed> {
        answer(self.request(Method::POST, &["users"], &[]).json(user)).await
    }

    pub(crate) async fn update_user(&self, name: &UserName, change: &UserChange) -> Result<UserView, Failed> {
        answer(self.request(Method::PUT, &["users", name.as_str()], &[]).json(change)).await
    }

    pub(crate) async fn delete_user(&self, name: &UserName) -> Result<(), Failed> {
        send(self.request(Method::DELETE, &["users", name.as_str()], &[])).await.map(drop)
    }

    pub(crate) async fn tokens(&self) -> Result<TokenList, Failed> {
        answer(self.request(Method::GET, &["tokens"], &[])).await
    }

    pub(crate) async fn create_token(&self, wanted: &TokenRequest) -> Result<NewToken, Failed> {
        answer(self.request(Method::POST, &["tokens"], &[]).json(wanted)).await
    }

    pub(crate) async fn revoke_token(&self, id: &str) -> Result<(), Failed> {
        send(self.request(Method::DELETE, &["tokens", id], &[])).await.map(drop)
    }
}

impl Client {
    /// Page after page, until there are as many as are asked for.
    pub(crate) async fn audit(&self, asked: &Audit) -> Result<AuditList, Failed> {
        let wanted = usize::try_from(asked.limit).unwrap_or(usize::MAX);
        let mut all = AuditList { entries: Vec::new(), next: None };
        loop {
            let left = wanted - all.entries.len();
            let query = [
                ("limit", left.min(AUDIT_PAGE).to_string()),
                ("after", all.next.take().unwrap_or_default()),
                ("task", asked.task.as_ref().map(ToString::to_string).unwrap_or_default()),
                ("user", asked.user.as_ref().map(ToString::to_string).unwrap_or_default()),
                ("action", asked.action.clone().unwrap_or_default()),
            ];
            let page: AuditList = answer(self.request(Method::GET, &["audit"], &query)).await?;
            all.entries.extend(page.entries);
            all.next = page.next;
            if all.next.is_none() || all.entries.len() >= wanted {
                return Ok(all);
            }
        }
    }
}

impl Cookie {
    fn set_by(headers: &HeaderMap) -> Result<Self, Failed> {
        let set = headers.get(SET_COOKIE).and_then(|value| value.to_str().ok()).and_then(|text| text.split(';').next());
        let none = || Failed::new(Exit::Failed, "strange_answer", "the Server began no session", "check --server");
        set.map(|pair| Self(pair.to_owned())).ok_or_else(none)
    }

    fn on(&self, request: RequestBuilder) -> RequestBuilder {
        request.header(COOKIE, &self.0).header("X-Replicator-Csrf", "1")
    }
}
