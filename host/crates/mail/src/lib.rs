//! Mail: templates, a durable queue, and the ways out of the host.
