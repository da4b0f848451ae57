//! People: who calls, and the services of accounts and organisations, over the platform's database.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use stoa_identity::accounts::{AccountsConfig, Lifetimes};
use stoa_identity::oidc::Provider;
use stoa_identity::organizations::{OrganizationsConfig, PlanQuota};
use stoa_identity::passwords::Cost;
use stoa_identity::{
    Accounts, Identity, IdentityConfig, JwtTokens, KeyRing, Organizations, Platform, SigningKey,
    TokenConfig, VerifyingKey,
};
use stoa_kernel::clock::Clock;
use stoa_kernel::mail::Post;
use stoa_kernel::personal_data::PersonalData;
use stoa_kernel::random::Random;
use stoa_kernel::service::Service;
use stoa_kernel::store::Store;

use crate::config::Config;
use crate::keyfile;

/// How the files of keys end.
const KEY_FILE: &str = "der";

/// The platform's database. No organisation becomes a tenant that the configuration names.
pub fn platform(
    config: &Config,
    store: Arc<dyn Store>,
    post: Arc<dyn Post>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
) -> Platform {
    let tenancy = &config.tenancy;
    let configured = tenancy.hosts.values().chain([&tenancy.default]);
    Platform::new(store, post, clock, random).reserving(configured.cloned())
}

/// What people need of the host.
pub struct Ports {
    /// Keeps accounts and organisations.
    pub platform: Platform,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes secrets.
    pub random: Arc<dyn Random>,
    /// Who else keeps data about people.
    pub participants: Vec<Arc<dyn PersonalData>>,
}

/// Who calls, and what they may do about it.
pub struct People {
    /// Finds out who calls.
    pub identity: Arc<Identity>,
    /// What commands work on.
    pub accounts: Arc<Accounts>,
    /// Accounts and organisations.
    pub services: Vec<Arc<dyn Service>>,
    /// What organisations pay for.
    pub plans: Arc<PlanQuota>,
}

/// Makes them, and the collections that they need.
///
/// # Errors
/// When a key can't be had, or the store refuses a collection.
pub async fn open(config: &Config, ports: Ports) -> anyhow::Result<People> {
    let token_config = token_config(config)?;
    let sealing_key = token_config.keys.signs().derived("sign-in elsewhere");
    let tokens = Arc::new(JwtTokens::new(token_config, ports.clock.clone()));
    let secure = config.http.secure_cookies;
    let provider = config
        .oidc
        .provider(&config.http.public_url, secure, sealing_key)
        .map(|provider| Provider::new(provider, ports.clock.clone(), ports.random.clone()))
        .transpose()
        .context("oidc")?;
    let (default_tenant, public_url) = (&config.tenancy.default, &config.http.public_url);
    let platform = ports.platform;
    let accounts = AccountsConfig {
        public_url: public_url.clone(),
        default_tenant: default_tenant.clone(),
        sessions: Lifetimes {
            idle_ms: config.identity.session_idle_ms(),
            absolute_ms: config.identity.session_ms_max(),
        },
        password_cost: Cost::RECOMMENDED,
    };
    let accounts = Accounts::new(platform.clone(), Arc::clone(&tokens), accounts)?
        .with_participants(ports.participants);
    let accounts = Arc::new(match provider {
        Some(provider) => accounts.with_provider(provider),
        None => accounts,
    });
    let organizations = OrganizationsConfig {
        public_url: public_url.clone(),
        default_tenant: default_tenant.clone(),
    };
    let organizations = Organizations::new(
        platform.clone(),
        organizations,
        accounts.clone(),
        accounts.clone(),
    )?;
    let services: Vec<Arc<dyn Service>> = vec![accounts.clone(), Arc::new(organizations)];
    for service in &services {
        let manifest = &service.package().manifest;
        let declared = platform.declare(manifest).await;
        declared.with_context(|| format!("the collections of {}", manifest.name))?;
    }
    let identity = IdentityConfig {
        default_tenant: default_tenant.clone(),
        // Demo data comes with tokens of the host's own.
        development_tokens: config.dev.tokens || config.dev.demo.is_some(),
    };
    Ok(People {
        identity: Arc::new(Identity::new(platform.clone(), tokens, identity)),
        accounts,
        services,
        plans: Arc::new(PlanQuota(platform)),
    })
}

/// A key for another purpose, which the host has as long as it has the key that signs.
///
/// # Errors
/// When that can't be had.
pub fn key_for(config: &Config, purpose: &str) -> anyhow::Result<[u8; 32]> {
    Ok(token_config(config)?.keys.signs().derived(purpose))
}

fn token_config(config: &Config) -> anyhow::Result<TokenConfig> {
    let der = match config.identity.signing_key_der()? {
        Some(der) => der,
        None => keyfile::read_or_create(&config.signing_key_file(), || {
            Ok(SigningKey::generate()?.to_pkcs8().to_vec())
        })?,
    };
    let mut retired = retired_keys(&config.retired_keys_dir())?;
    for x in &config.identity.retired_keys {
        retired.push(VerifyingKey::from_x(x).context("identity.retired_keys")?);
    }
    Ok(TokenConfig {
        issuer: config.identity.issuer.clone(),
        audience: config.identity.audience.clone(),
        lifetime_s: config.identity.lifetime_s,
        keys: KeyRing::new(SigningKey::from_pkcs8(&der)?, retired),
    })
}

/// The public halves of the keys that signed before. No folder means that none did.
fn retired_keys(dir: &Path) -> anyhow::Result<Vec<VerifyingKey>> {
    let here = || format!("the retired keys in {}", dir.display());
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(here),
    };
    let mut keys = Vec::new();
    for entry in entries {
        let file = entry.with_context(here)?.path();
        if file.extension().is_some_and(|ending| ending == KEY_FILE) {
            let key = SigningKey::from_pkcs8(&std::fs::read(&file).with_context(here)?);
            keys.push(
                key.with_context(|| file.display().to_string())?
                    .public()
                    .clone(),
            );
        }
    }
    Ok(keys)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn every_key_file_of_the_folder_verifies() {
        let dir = tempfile::tempdir().unwrap();
        let missing = dir.path().join("missing");
        assert!(retired_keys(&missing).unwrap().is_empty());
        let key = SigningKey::generate().unwrap();
        std::fs::write(dir.path().join("one.der"), key.to_pkcs8()).unwrap();
        std::fs::write(dir.path().join("README"), "keys").unwrap();
        let found = retired_keys(dir.path()).unwrap();
        let ids: Vec<&str> = found.iter().map(VerifyingKey::id).collect();
        assert_eq!(ids, [key.id()]);
        std::fs::write(dir.path().join("bad.der"), "no key").unwrap();
        let error = retired_keys(dir.path()).unwrap_err();
        assert!(format!("{error:#}").contains("bad.der"));
    }
}
