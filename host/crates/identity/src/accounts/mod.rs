//! Accounts: signing up and in, sessions that last, keys for machines, and what people may do with their own data.

mod administration;
pub(crate) mod apikey;
mod attempts;
mod codes;
mod email;
mod erase;
mod export;
mod forgot;
mod google;
mod jwks;
mod keys;
mod letters;
mod login;
mod logout;
mod lookup;
mod password;
pub(crate) mod person;
mod profile;
mod refresh;
mod reset;
mod schemas;
mod seams;
mod sessions;
mod sign_in;
mod signup;
mod tenant;
mod verify;
mod view;

use std::sync::Arc;

use async_trait::async_trait;
use stoa_kernel::call::{Request, Response};
use stoa_kernel::clock::Millis;
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::personal_data::PersonalData;
use stoa_kernel::service::Service;
use stoa_kernel::wit::{Package, PackageError};

use crate::oidc::{Provider, google_start};
use crate::passwords::{Cost, Passwords};
use crate::platform::Platform;
use crate::records::Account;
use crate::tokens::JwtTokens;
use crate::{address, filters, times, token};

pub use view::{SignedIn, User};

/// What the operator says.
#[derive(Debug, Clone)]
pub struct AccountsConfig {
    /// Where people reach the platform, such as `https://shop.example`: links in letters begin with it, never
    /// with what a request names as its host.
    pub public_url: String,
    /// Where accounts are that work in no organisation.
    pub default_tenant: TenantId,
    /// How long sessions last.
    pub sessions: Lifetimes,
    /// What a password's hash costs.
    pub password_cost: Cost,
}

/// How long sessions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// Milliseconds after which a session ends that nobody refreshes.
    pub idle_ms: Millis,
    /// Milliseconds after which it ends in any case.
    pub absolute_ms: Millis,
}

impl Lifetimes {
    /// A month without a visit, and a season with.
    pub const DEFAULT: Self = Self {
        idle_ms: 30 * 86_400_000,
        absolute_ms: 90 * 86_400_000,
    };
}

/// The service.
pub struct Accounts {
    platform: Platform,
    tokens: Arc<JwtTokens>,
    passwords: Passwords,
    config: AccountsConfig,
    participants: Vec<Arc<dyn PersonalData>>,
    provider: Option<Provider>,
    package: Arc<Package>,
}

impl Accounts {
    /// Over the platform's database.
    ///
    /// # Errors
    /// When the manifest within this crate is none.
    pub fn new(
        platform: Platform,
        tokens: Arc<JwtTokens>,
        config: AccountsConfig,
    ) -> Result<Self, PackageError> {
        Ok(Self {
            platform,
            tokens,
            passwords: Passwords::new(config.password_cost),
            config,
            participants: Vec::new(),
            provider: None,
            package: Arc::new(schemas::package()?),
        })
    }

    /// The tenant that an account works in.
    fn home_of<'a>(&'a self, account: &'a Account) -> &'a TenantId {
        account.home.as_ref().unwrap_or(&self.config.default_tenant)
    }

    /// Lets people sign in at an OpenID provider, too.
    #[must_use]
    pub fn with_provider(mut self, provider: Provider) -> Self {
        self.provider = Some(provider);
        self
    }

    /// Lets others take part when people take their data with them. That an account ends they hear as an event.
    #[must_use]
    pub fn with_participants(
        mut self,
        participants: impl IntoIterator<Item = Arc<dyn PersonalData>>,
    ) -> Self {
        self.participants.extend(participants);
        self
    }
}

#[async_trait]
impl Service for Accounts {
    fn package(&self) -> &Arc<Package> {
        &self.package
    }

    async fn handle(&self, handler: &str, request: Request) -> Result<Response, Problem> {
        let handled = self.handled(handler, &request);
        self.platform.once(&request, handled).await
    }
}

impl Accounts {
    async fn handled(&self, handler: &str, request: &Request) -> Result<Response, Problem> {
        match handler {
            "signup" => signup::signup(self, request).await,
            "register" => signup::register(self, request).await,
            "login" => login::login(self, request).await,
            "refresh" => refresh::refresh(self, request).await,
            "logout" => logout::logout(self, request).await,
            "me" => profile::show(self, request).await,
            "change_profile" => profile::change(self, request).await,
            "verify_email" => verify::verify(self, request).await,
            "resend_verification" => verify::resend(self, request).await,
            "forgot_password" => forgot::forgot(self, request).await,
            "reset_password" => reset::reset(self, request).await,
            "change_password" => password::change(self, request).await,
            "email_signup" => email::sign_up(self, request).await,
            "email_verify" => email::verify(self, request).await,
            "email_signin" => email::sign_in(self, request).await,
            "list_sessions" => sessions::list(self, request).await,
            "end_session" => sessions::end(self, request).await,
            "end_other_sessions" => sessions::end_others(self, request).await,
            "list_keys" => keys::list(self, request).await,
            "make_key" => keys::make(self, request).await,
            "revoke_key" => keys::revoke(self, request).await,
            "export" => export::export(self, request).await,
            "erase" => erase::erase(self, request).await,
            "jwks" => jwks::show(self),
            "google_start" => google_start(request, self.provider.as_ref()).await,
            "google_callback" => google::callback(self, request).await,
            unknown => Err(Problem::internal(format!(
                "accounts has no handler {unknown}"
            ))),
        }
    }
}
