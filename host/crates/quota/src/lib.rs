//! How often somebody may call: GCRA in memory, or in Redis for several hosts.
