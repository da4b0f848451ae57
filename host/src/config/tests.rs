//! The configuration as a whole: its layers, its keys, its errors.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::fs;

use figment::Figment;
use figment::providers::{Format as _, Toml};
use stoa_kernel::limits::CallLimits;
use stoa_web::RateLimits;

use super::load::DEFAULTS;
use super::*;

fn with_variables(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::from_layers(
        None,
        variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    )
}

fn with_file(text: &str) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("stoa.toml");
    fs::write(&file, text).unwrap();
    Config::from_layers(Some(&file), [])
}

fn named(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../config")
        .join(name)
}

/// Every line of the defaults that sets a key, with the key.
fn keys() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = DEFAULTS
        .lines()
        .filter(|line| !line.starts_with(['#', '[']));
    lines.filter_map(|line| Some((line, line.split_once(" = ")?.0)))
}

#[test]
fn the_defaults_have_each_key_of_the_structs_and_no_other() {
    assert!(keys().count() > 20);
    for (line, key) in keys() {
        for (replacement, wanted) in [
            (String::new(), "missing"),
            (line.replacen(key, &format!("{key}_x"), 1), "unknown"),
        ] {
            let text = DEFAULTS.replacen(&format!("\n{line}\n"), &format!("\n{replacement}\n"), 1);
            let error = Figment::from(Toml::string(&text))
                .extract::<Config>()
                .unwrap_err();
            let said = error
                .into_iter()
                .map(|error| error.to_string())
                .collect::<String>();
            assert!(said.contains(wanted) && said.contains(key), "{key}: {said}");
        }
    }
}

#[test]
fn the_limits_of_the_defaults_are_the_kernels() {
    let config = with_variables(&[]).unwrap();
    assert_eq!(
        CallLimits::from(config.plugins.limits.default),
        CallLimits::DEFAULT
    );
    assert_eq!(CallLimits::from(config.plugins.limits.cap), CallLimits::CAP);
}

#[test]
fn the_files_that_the_defaults_take_are_the_crates() {
    let config = with_variables(&[]).unwrap();
    let known = stoa_blobs::KINDS_DEFAULT.iter().map(ToString::to_string);
    assert_eq!(config.blobs.kinds, known.collect());
    for (variables, key) in [
        ([("STOA_BLOBS__URL", "gs://x")], "blobs.url"),
        ([("STOA_BLOBS__S3_ACCESS_KEY", "x")], "blobs.s3_secret_key"),
        ([("STOA_BLOBS__S3_ENDPOINT", "x")], "blobs.s3_endpoint"),
    ] {
        let error = with_variables(&variables).unwrap_err().to_string();
        assert!(error.contains(key), "{key}: {error}");
    }
}

#[test]
fn the_key_that_seals_secrets_is_32_bytes_and_no_error_shows_it() {
    let key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
    let with = |key: &str| with_variables(&[("STOA_PLUGINS__SECRETS_KEY", key)]);
    let config = with(key).unwrap();
    let bytes = config.plugins.sealing_key().unwrap();
    assert_eq!(&bytes.unwrap(), b"01234567890123456789012345678901");
    assert!(!format!("{config:?}").contains(key));
    let error = with("dG9vIHNob3J0").unwrap_err().to_string();
    assert!(
        error.contains("plugins.secrets_key") && !error.contains("dG9v"),
        "{error}"
    );
    let config = with_variables(&[]).unwrap();
    assert_eq!(config.plugins.sealing_key().unwrap(), None);
}

#[test]
fn the_rate_limits_of_the_defaults_are_the_edges() {
    let config = with_variables(&[]).unwrap();
    assert!(config.limits.enabled);
    assert_eq!(
        RateLimits::from(&config.limits),
        stoa_web::EdgeConfig::default().limits
    );
    assert!(config.redis.quotas().is_none());
}

#[test]
fn a_developers_host_limits_nobody() {
    let config = Config::from_layers(Some(&named("dev.toml")), []).unwrap();
    assert!(!config.limits.enabled);
}

#[test]
fn only_a_developers_host_can_be_made_to_die() {
    const PLACE: (&str, &str) = ("STOA_DEV__CRASH_AT", "before-commit:orders");
    assert!(with_variables(&[]).unwrap().dev.crash_at.is_none());
    let refused = with_variables(&[PLACE]).unwrap_err().to_string();
    assert!(refused.contains("dev.crash_at"), "{refused}");
    let production = named("production.example.toml");
    let variables = [(PLACE.0.to_owned(), PLACE.1.to_owned())];
    assert!(Config::from_layers(Some(&production), variables).is_err());
    let tokens = ("STOA_DEV__TOKENS", "true");
    let armed = with_variables(&[tokens, PLACE]);
    assert_eq!(armed.is_ok(), cfg!(debug_assertions));
    let nowhere = ("STOA_DEV__CRASH_AT", "before-lunch:orders");
    let refused = with_variables(&[tokens, nowhere]).unwrap_err().to_string();
    assert!(refused.contains("before-commit"), "{refused}");
}

#[test]
fn the_store_of_the_defaults_is_the_stores_own() {
    let (config, store) = (
        with_variables(&[]).unwrap().store,
        stoa_store::StoreConfig::default(),
    );
    assert_eq!(config.sync.to_string(), store.sync.to_string());
    assert_eq!(
        config.document_cache_bytes_max,
        store.document_cache_bytes_max
    );
    assert_eq!(
        config.query_cache_entries_max as u64,
        store.query_cache_entries_max
    );
    assert_eq!(config.block_cache_bytes_max, store.block_cache_bytes_max);
    assert_eq!(config.memtable_bytes_max, store.memtable_bytes_max);
}

#[test]
fn the_files_beside_the_defaults_are_good() {
    for name in ["dev.toml", "production.example.toml"] {
        Config::from_layers(Some(&named(name)), [])
            .map_err(|error| error.to_string())
            .unwrap();
    }
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("stoa.toml");
    fs::write(
        &file,
        "[tenancy]\ndefault = \"a\"\n[identity]\nissuer = \"file\"\n",
    )
    .unwrap();
    let variables = [
        ("STOA_IDENTITY__ISSUER", "environment"),
        ("STOA_TEST_PLUGINS", "x"),
        ("HOME", "y"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let config = Config::from_layers(Some(&file), variables).unwrap();
    assert_eq!(config.tenancy.default.as_str(), "a");
    assert_eq!(config.identity.issuer, "environment");
    assert_eq!(config.identity.audience, "stoa");
}

#[test]
fn each_kind_of_value_can_come_from_the_environment() {
    let config = with_variables(&[
        ("STOA_HTTP__LISTEN", "0.0.0.0:9"),
        ("STOA_STORE__URL", "surrealkv:///tmp/x"),
        ("STOA_STORE__QUERY_CACHE_ENTRIES_MAX", "0"),
        ("STOA_LIMITS__ENABLED", "false"),
        ("STOA_LIMITS__PER_MINUTE", "7"),
        ("STOA_REDIS__URL", "redis://:hunter2@cache:6379"),
        ("STOA_HTTP__TRUSTED_PROXIES", "[\"10.0.0.0/8\"]"),
        ("STOA_TENANCY__DEFAULT", "2024"),
        ("STOA_HTTP__CORS_ORIGINS", "[\"https://a.example\"]"),
        ("STOA_PLUGINS__DENY__CART", "[\"cache\"]"),
        ("STOA_PLUGINS__SETTINGS__CART__TAX_PERCENT", "8"),
        ("STOA_PLUGINS__LIMITS__CAP__CPU_MS_MAX", "900"),
    ])
    .unwrap();
    assert_eq!(config.http.listen.port(), 9);
    assert_eq!(config.store_dir().unwrap(), PathBuf::from("/tmp/x"));
    assert_eq!(config.store.query_cache_entries_max, 0);
    assert!(!config.limits.enabled);
    assert_eq!(config.limits.per_minute.get(), 7);
    let redis = config.redis.quotas().unwrap();
    assert_eq!(redis.url, "redis://:hunter2@cache:6379");
    assert_eq!(redis.prefix, "stoa:quota:");
    assert_eq!(config.http.trusted_proxies.len(), 1);
    assert_eq!(config.tenancy.default.as_str(), "2024");
    assert_eq!(config.http.cors_origins, ["https://a.example"]);
    assert!(config.plugins.deny.get("cart").unwrap().contains("cache"));
    let of_cart = config.plugins.settings.0.get("cart").unwrap();
    assert_eq!(of_cart.get("tax_percent").unwrap(), 8);
    assert_eq!(config.plugins.limits.cap.cpu_ms_max, 900);
}

#[test]
fn unknown_and_impossible_values_are_errors_that_name_the_key() {
    for (variable, value) in [
        ("STOA_HTTP__LISTNE", "x"),
        ("STOA_HTTP", "x"),
        ("STOA_PORT", "8080"),
        ("STOA_HTTP__LISTEN__PORT", "8080"),
    ] {
        let error = with_variables(&[(variable, value)])
            .unwrap_err()
            .to_string();
        assert!(error.contains(variable), "{error}");
    }
    for (text, key) in [
        ("[http]\nlistne = \"x\"", "http.listne: "),
        ("[htpt]\nlisten = \"x\"", "htpt"),
        ("[http]\nlisten = \"nowhere\"", "http.listen"),
        ("[http]\nbody_bytes_max = \"many\"", "body_bytes_max"),
        ("[store]\nurl = \"rocksdb://x\"", "rocksdb"),
        ("[tenancy]\ndefault = \"A B\"", "tenancy.default"),
        (
            "[tenancy.hosts]\n\"shop.example\" = \"A B\"",
            "shop.example",
        ),
        ("[plugins.deny]\ncart = [\"sorcery\"]", "sorcery"),
        ("[plugins.trust]\nrequire = 0", "plugins.trust.require"),
        ("[plugins.trust]\nrevoked = [\"ABCD\"]", "ABCD"),
        ("[plugins.grants]\ncart = [\"sorcery\"]", "sorcery"),
        ("[plugins.shares]\nconcurrency_max = 0", "concurrency_max"),
        (
            "[plugins.outbound.payments.stripe]\nurl = \"ftp://x\"",
            "plugins.outbound.payments.stripe",
        ),
        (
            "[plugins.limits.default]\ncpu_ms_max = 99_999",
            "cpu_ms_max",
        ),
        ("[http]\nrequest_ms_max = 30_000", "request_ms_max"),
        ("[identity]\nsigning_key = \"?\"", "signing_key"),
        ("[oidc]\nclient_id = \"us\"", "oidc.client_secret"),
        ("[http]\ncors_origins = [\"*\"]", "cors_origins"),
        ("[http]\ntrusted_proxies = [\"x\"]", "trusted_proxies"),
        ("[limits]\nper_minute = 0", "per_minute"),
        ("[redis]\nurl = \"cache:6379\"", "redis.url"),
        ("[mail]\nfrom = \"The Shop\"", "mail.from"),
        ("[mail]\ntransport = \"pigeon\"", "mail.transport"),
        ("[mail]\ntransport = \"sendgrid\"", "mail.sendgrid_key"),
    ] {
        let error = with_file(text).unwrap_err().to_string();
        assert!(error.contains(key), "{key}: {error}");
    }
    let error = with_variables(&[("STOA_HTTP__LISTEN", "nowhere")])
        .unwrap_err()
        .to_string();
    assert!(error.contains("STOA_HTTP__LISTEN"), "{error}");
}

#[test]
fn a_file_that_is_not_there_is_an_error() {
    let error = Config::from_layers(Some(&named("nowhere.toml")), [])
        .unwrap_err()
        .to_string();
    assert!(error.contains("nowhere.toml"), "{error}");
}

#[test]
fn services_and_secrets_of_plugins_come_from_file_and_environment() {
    let config = with_variables(&[
        (
            "STOA_PLUGINS__OUTBOUND__PAYMENTS__STRIPE__URL",
            "http://127.0.0.1:12111",
        ),
        (
            "STOA_PLUGINS__OUTBOUND__PAYMENTS__STRIPE__ALLOW_PRIVATE",
            "true",
        ),
        ("STOA_PLUGINS__SECRETS__PAYMENTS__STRIPE_KEY", "0123"),
        (
            "STOA_PLUGINS__SECRETS__PAYMENTS__HOOK",
            "[\"new\", \"old\"]",
        ),
        ("STOA_PLUGINS__SECRETS__PAYMENTS__ODD", "{a = [1"),
        ("STOA_PLUGINS__SECRETS__PAYMENTS__NONE", ""),
    ])
    .unwrap();
    let stripe = config
        .plugins
        .outbound
        .get("payments")
        .unwrap()
        .get("stripe")
        .unwrap();
    assert_eq!(stripe.url, "http://127.0.0.1:12111");
    assert!(stripe.allow_private);
    let secrets = config.plugins.secrets.0;
    let of = |name: &str| -> Vec<String> {
        let values = secrets.get("payments").unwrap().get(name).unwrap();
        values
            .iter()
            .map(|value| value.expose().to_owned())
            .collect()
    };
    assert_eq!(of("stripe_key"), ["0123"]);
    assert_eq!(of("hook"), ["new", "old"]);
    assert_eq!(of("odd"), ["{a = [1"]);
    assert!(of("none").is_empty());

    let file = "[plugins.secrets.payments]\na = \"x\"\nb = [\"y\", \"z\"]\n";
    let secrets = with_file(file).unwrap().plugins.secrets.0;
    assert_eq!(secrets.get("payments").unwrap().get("b").unwrap().len(), 2);
}

#[test]
fn an_error_quotes_no_secret() {
    for text in [
        "[plugins.secrets]\npayments = \"hunter2\"",
        "[plugins.secrets.payments]\nkey = { value = \"hunter2\" }",
        "[plugins.secrets.payments]\nkey = [[\"hunter2\"]]",
    ] {
        let error = with_file(text).unwrap_err().to_string();
        assert!(
            error.contains("secrets") && !error.contains("hunter2"),
            "{error}"
        );
    }
    for variable in ["STOA_PLUGINS__SECRETS__PAYMENTS", "STOA_PLUGINS__SECRETS"] {
        let error = with_variables(&[(variable, "hunter2")]).unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains(variable) && !error.contains("hunter2"),
            "{error}"
        );
    }
}

#[test]
fn debug_shows_no_secret() {
    let key = "c2VjcmV0IGtleQ==";
    let config = with_variables(&[
        ("STOA_IDENTITY__SIGNING_KEY", key),
        ("STOA_PLUGINS__SETTINGS__PAYMENTS__API_KEY", "sk_live"),
        ("STOA_PLUGINS__SECRETS__PAYMENTS__HOOK", "whsec_live"),
        ("STOA_REDIS__URL", "redis://:hunter2@cache:6379"),
        ("STOA_MAIL__SMTP_USER", "stoa"),
        ("STOA_MAIL__SMTP_PASSWORD", "pa55word"),
        ("STOA_MAIL__SENDGRID_KEY", "SG.live"),
        ("STOA_OIDC__CLIENT_ID", "us"),
        ("STOA_OIDC__CLIENT_SECRET", "GOCSPX-live"),
    ])
    .unwrap();
    let shown = format!("{config:?}");
    assert!(
        ![
            key,
            "sk_live",
            "whsec_live",
            "hunter2",
            "pa55word",
            "SG.live",
            "GOCSPX-live"
        ]
        .iter()
        .any(|secret| shown.contains(secret)),
        "{shown}"
    );
    assert!(shown.contains("api_key"), "{shown}");
}

#[test]
fn what_the_host_keeps_is_under_one_folder_unless_told_otherwise() {
    let config = with_variables(&[("STOA_DATA__DIR", "/var/lib/stoa")]).unwrap();
    for path in [
        config.store_dir().unwrap(),
        config.plugins_dir(),
        config.compiled_dir(),
        config.signing_key_file(),
        config.mail_dir(),
    ] {
        assert!(path.starts_with("/var/lib/stoa"), "{}", path.display());
    }
    let config = with_variables(&[
        ("STOA_STORE__URL", "mem://"),
        ("STOA_PLUGINS__DIR", "elsewhere"),
    ])
    .unwrap();
    assert_eq!(config.store_dir(), None);
    assert_eq!(config.plugins_dir(), PathBuf::from("elsewhere"));
}

#[test]
fn telemetry_is_off_until_a_collector_is_named_and_its_headers_are_secret() {
    let defaults = with_variables(&[]).unwrap().telemetry;
    assert!(defaults.sending().is_none());
    assert_eq!(defaults.metrics, MetricsFor::Operator);
    let config = with_variables(&[
        ("STOA_TELEMETRY__ENDPOINT", "https://collector.example/otlp"),
        (
            "STOA_TELEMETRY__HEADERS",
            "authorization=Bearer a=b, x-team=shop",
        ),
        ("STOA_TELEMETRY__SAMPLE_RATIO", "0.25"),
        ("STOA_TELEMETRY__SIGNALS", "[traces, logs]"),
        ("STOA_TELEMETRY__METRICS", "public"),
    ]);
    let telemetry = config.unwrap().telemetry;
    let sending = telemetry.sending().unwrap();
    let headers = sending.headers.iter();
    let headers: Vec<_> = headers
        .map(|(name, value)| (&**name, value.expose()))
        .collect();
    assert_eq!(
        headers,
        [("authorization", "Bearer a=b"), ("x-team", "shop")]
    );
    assert!(sending.traces && sending.logs && sending.metrics_every.is_none());
    assert_eq!(telemetry.metrics, MetricsFor::Public);
    let shown = format!("{telemetry:?} {sending:?}");
    assert!(!shown.contains("Bearer"), "{shown}");
}

#[test]
fn telemetry_that_can_not_be_sent_is_refused_and_no_secret_quoted() {
    for (key, value) in [
        ("ENDPOINT", "collector:4317"),
        ("ENDPOINT", "http://user:hidden@collector"),
        ("ENDPOINT", "http://"),
        ("HEADERS", "hidden"),
        ("HEADERS", "a b=hidden"),
        ("HEADERS", "a=hid\nden"),
        ("SAMPLE_RATIO", "1.5"),
        ("METRICS_EVERY_S", "0"),
    ] {
        let variable = format!("STOA_TELEMETRY__{key}");
        let said = with_variables(&[(&*variable, value)]).unwrap_err();
        let said = said.to_string();
        assert!(said.contains(&key.to_lowercase()), "{key}: {said}");
        assert!(!said.contains("hidden"), "{said}");
    }
}
