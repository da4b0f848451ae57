//! The cookie that binds a sign-in under way to the browser that began it.

use stoa_kernel::call::Request;
use stoa_kernel::cookie::secure_suffix;

use super::flow::FLOW_S_MAX;

/// Where clients arrive by https: no other host of the domain can set it (RFC 6265bis, 4.1.3.2).
const NAME_SECURE: &str = "__Host-stoa_oidc";

/// Where they don't.
const NAME: &str = "stoa_oidc";

/// How the cookie is called and set.
pub(super) struct FlowCookie {
    pub(super) secure: bool,
}

impl FlowCookie {
    /// `Set-Cookie` that gives it this value. `Lax`, because the provider's page sends the browser back.
    pub(super) fn set(&self, value: &str) -> String {
        self.line(value, FLOW_S_MAX)
    }

    /// `Set-Cookie` that takes it away.
    pub(super) fn clear(&self) -> String {
        self.line("", 0)
    }

    /// Its value in a request.
    pub(super) fn sent<'r>(&self, request: &'r Request) -> Option<&'r str> {
        request.cookie(self.name())
    }

    const fn name(&self) -> &'static str {
        if self.secure { NAME_SECURE } else { NAME }
    }

    fn line(&self, value: &str, age_s: u32) -> String {
        let name = self.name();
        let secure = secure_suffix(self.secure);
        format!("{name}={value}; Path=/; Max-Age={age_s}; HttpOnly; SameSite=Lax{secure}")
    }
}
