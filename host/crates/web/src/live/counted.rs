//! How many connections there are, for Prometheus.

const CONNECTIONS: &str = "live_connections";
const PARTINGS: &str = "live_partings_total";

/// One open connection.
pub(crate) struct Counted(&'static str);

impl Counted {
    /// Counts it until it is dropped.
    pub(crate) fn open(protocol: &'static str) -> Self {
        metrics::gauge!(CONNECTIONS, "protocol" => protocol).increment(1);
        Self(protocol)
    }

    /// Counts why it ends.
    pub(crate) fn parts(&self, why: super::parting::Parting) {
        metrics::counter!(PARTINGS, "protocol" => self.0, "reason" => why.as_str()).increment(1);
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        metrics::gauge!(CONNECTIONS, "protocol" => self.0).decrement(1);
    }
}
