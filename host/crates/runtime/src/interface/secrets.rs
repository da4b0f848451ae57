//! `stoa:secrets/secrets`.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use stoa_kernel::outbound::BODY_BYTES_MAX;
use stoa_kernel::secret::Secret;

use crate::bindings::stoa::secrets::secrets::{Error, Host};
use crate::state::State;

impl Host for State {
    async fn hmac_sha256(
        &mut self,
        name: String,
        message: Vec<u8>,
    ) -> wasmtime::Result<Result<Vec<Vec<u8>>, Error>> {
        self.charge(name.len() + message.len())?;
        if !self.revision.package.manifest.secrets.contains_key(&name) {
            return Ok(Err(Error::Denied(format!(
                "plugin.toml does not list {name:?} under secrets"
            ))));
        }
        if message.len() > BODY_BYTES_MAX {
            let reason = format!("a message of more than {BODY_BYTES_MAX} bytes");
            return Ok(Err(Error::Invalid(reason)));
        }
        let Some(values) = self.revision.services.secret(&name) else {
            return Ok(Err(Error::Unset(name)));
        };
        let macs: Result<Vec<_>, _> = values.iter().map(|value| mac(value, &message)).collect();
        let macs = match macs {
            Ok(macs) => macs,
            Err(error) => return Ok(Err(Error::Invalid(error))),
        };
        self.charge_bytes(macs.iter().map(Vec::len).sum())?;
        Ok(Ok(macs))
    }

    async fn same(&mut self, a: Vec<u8>, b: Vec<u8>) -> wasmtime::Result<bool> {
        self.charge(a.len() + b.len())?;
        // Both become texts of one length that depend on all of their bytes, so that comparing tells nothing.
        let key = Secret::new("same");
        let (Ok(a_mac), Ok(mut verifier)) = (
            mac(&key, &a),
            Hmac::<Sha256>::new_from_slice(key.expose().as_bytes()),
        ) else {
            return Ok(false);
        };
        verifier.update(&b);
        Ok(verifier.verify_slice(&a_mac).is_ok())
    }
}

fn mac(key: &Secret, message: &[u8]) -> Result<Vec<u8>, String> {
    let mac = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes());
    let mut mac = mac.map_err(|error| error.to_string())?;
    mac.update(message);
    Ok(mac.finalize().into_bytes().to_vec())
}
