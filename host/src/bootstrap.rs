//! The first operator: made from the configuration, or told how to be made.

use stoa_identity::Accounts;
use stoa_kernel::identity::Role;

use crate::config::Config;

/// Makes the operator whom `[bootstrap]` names, who also runs the default tenant, if there is nobody yet. Without
/// one, tells how to make one.
///
/// # Errors
/// When the configured address or password can't be one, or the store can't be reached.
pub async fn first_operator(config: &Config, accounts: &Accounts) -> anyhow::Result<()> {
    let wanted = &config.bootstrap;
    if accounts.has_people().await? {
        if !wanted.email.is_empty() && !accounts.is_operator(&wanted.email).await? {
            tracing::warn!(
                "[bootstrap] makes no operator, as there are people already; stop the host and run `stoa user create \
                 --operator --role admin --email YOU@EXAMPLE.COM`"
            );
        }
        return Ok(());
    }
    if wanted.email.is_empty() {
        tracing::info!(
            "there is no operator yet: stop the host and run `stoa user create --operator --role admin --email \
             YOU@EXAMPLE.COM`, or set STOA_BOOTSTRAP__EMAIL and STOA_BOOTSTRAP__PASSWORD"
        );
        return Ok(());
    }
    let password = wanted.password.expose();
    let place = (&config.tenancy.default, Role::Admin);
    accounts
        .make_person(&wanted.email, None, password, true, Some(place))
        .await?;
    tracing::info!("the first operator is made");
    Ok(())
}
