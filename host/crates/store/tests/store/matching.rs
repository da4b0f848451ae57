//! The database and [`Filter::matches`] agree on every document and every filter.

use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::{Map, Value};
use stoa_kernel::query::{Filter, Path, Query};
use stoa_kernel::store::Expiry;

use crate::support::{Fixture, all, in_memory, items};

const FIELDS: [&str; 5] = ["n", "status", "deep.x", "tags", "tags.x"];

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3_i64..4).prop_map(Value::from),
        prop_oneof![
            Just(0.5),
            Just(-0.0),
            Just(1.0),
            Just(-2.5),
            Just(1e300),
            Just(9_007_199_254_740_992.0)
        ]
        .prop_map(Value::from),
        prop_oneof![Just(i64::MAX), Just(i64::MIN), Just(1 << 53)].prop_map(Value::from),
        text().prop_map(Value::from),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[abAB ]{0,3}",
        prop_oneof![
            Just(""),
            Just("a\u{0}"),
            Just("a\u{10ffff}"),
            Just("É"),
            Just("İx"),
            Just("$p0"),
            Just("'"),
            Just("i1"),
            Just("5")
        ]
        .prop_map(str::to_owned),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => scalar(),
        1 => prop::collection::vec(scalar(), 0..3).prop_map(Value::from),
        1 => prop::collection::vec(scalar().prop_map(|x| serde_json::json!({"x": x})), 0..3).prop_map(Value::from),
        1 => scalar().prop_map(|x| serde_json::json!({"x": x, "[]": [1]})),
    ]
}

fn document() -> impl Strategy<Value = Value> {
    let member = |name: &'static str| {
        prop::option::weighted(0.8, value()).prop_map(move |value| (name, value))
    };
    (
        member("n"),
        member("status"),
        member("deep"),
        member("tags"),
        member("created_at"),
    )
        .prop_map(|(a, b, c, d, e)| {
            let members = [a, b, c, d, e]
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?)));
            Value::Object(members.collect::<Map<String, Value>>())
        })
}

fn path() -> impl Strategy<Value = Path> {
    let field = prop_oneof![6 => prop::sample::select(&FIELDS[..]), 1 => Just("id"), 1 => Just("created_at")];
    field.prop_map(|text| Path::parse(text).unwrap())
}

fn leaf() -> impl Strategy<Value = Filter> {
    prop_oneof![
        (path(), scalar()).prop_map(|(path, value)| Filter::Eq(path, value)),
        (path(), scalar()).prop_map(|(path, value)| Filter::Ne(path, value)),
        (path(), scalar()).prop_map(|(path, value)| Filter::Lt(path, value)),
        (path(), scalar()).prop_map(|(path, value)| Filter::Le(path, value)),
        (path(), scalar()).prop_map(|(path, value)| Filter::Gt(path, value)),
        (path(), scalar()).prop_map(|(path, value)| Filter::Ge(path, value)),
        (path(), prop::collection::vec(scalar(), 0..4))
            .prop_map(|(path, values)| Filter::In(path, values)),
        (path(), scalar()).prop_map(|(path, value)| Filter::Contains(path, value)),
        (path(), text()).prop_map(|(path, text)| Filter::Prefix(path, text)),
        (prop::collection::vec(path(), 1..3), text())
            .prop_map(|(paths, text)| Filter::Text(paths, text)),
    ]
}

fn filter() -> impl Strategy<Value = Filter> {
    leaf().prop_recursive(3, 10, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Filter::And),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Filter::Or),
            inner.prop_map(|filter| Filter::Not(Box::new(filter))),
        ]
    })
}

/// Replaces what the collection holds.
async fn hold(fixture: &Fixture, documents: &[Value]) {
    let work = fixture.begin().await;
    for (n, document) in documents.iter().enumerate() {
        work.put(
            &items(),
            &format!("i{n}"),
            None,
            document.clone(),
            Expiry::Never,
        )
        .await
        .unwrap();
    }
    work.commit().await.unwrap();
}

async fn agree(
    fixture: &Fixture,
    documents: &[Value],
    filter: &Filter,
) -> Result<(), TestCaseError> {
    let expected: Vec<String> = documents
        .iter()
        .enumerate()
        .map(|(n, document)| (format!("i{n}"), document))
        .filter(|(id, document)| filter.matches(id, document))
        .map(|(id, _)| id)
        .collect();
    let query = Query {
        filter: Some(filter.clone()),
        total: true,
        ..all()
    };
    let page = fixture.begin().await.query(&items(), &query).await;
    let page = page.map_err(|error| TestCaseError::fail(format!("{error}: {filter:?}")))?;
    prop_assert_eq!(
        page.total,
        Some(expected.len() as u64),
        "total of {:?} over {:?}",
        filter,
        documents
    );
    prop_assert_eq!(
        crate::support::ids(page.items),
        expected,
        "{:?} over {:?}",
        filter,
        documents
    );
    Ok(())
}

/// The unoptimised generators nest deeper than a test's ordinary stack.
const STACK_BYTES: usize = 64 << 20;

#[test]
fn the_database_and_the_host_agree() {
    let test = std::thread::Builder::new()
        .stack_size(STACK_BYTES)
        .spawn(compare_many)
        .unwrap();
    test.join().unwrap();
}

fn compare_many() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let fixture = runtime.block_on(in_memory());
    let cases = (
        prop::collection::vec(document(), 8),
        prop::collection::vec(filter(), 24),
    );
    let config = Config {
        cases: 64,
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::default()
    };
    let outcome =
        proptest::test_runner::TestRunner::new(config).run(&cases, |(documents, filters)| {
            runtime.block_on(async {
                hold(&fixture, &documents).await;
                for filter in &filters {
                    agree(&fixture, &documents, filter).await?;
                }
                Ok(())
            })
        });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
