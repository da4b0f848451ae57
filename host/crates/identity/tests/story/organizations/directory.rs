//! Who the people of a tenant are.

use stoa_identity::TenantDirectory;
use stoa_identity::organizations::place;
use stoa_identity::records::Account;
use stoa_kernel::directory::{Directory as _, Person};
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::Role;

use super::standins::person;
use super::world::{Caller, HOUSE, World, tenant, world};

fn ids(people: &[Person]) -> Vec<&str> {
    people.iter().map(|person| person.id.as_str()).collect()
}

async fn found(world: &World, of: &TenantId, wanted: &[&str]) -> Vec<Person> {
    let directory = TenantDirectory::new(world.platform.clone(), tenant(HOUSE));
    let wanted: Vec<String> = wanted.iter().map(|id| (*id).to_owned()).collect();
    directory.find(of, &wanted).await.unwrap()
}

async fn listed(world: &World, of: &TenantId, role: Option<Role>) -> Vec<Person> {
    let directory = TenantDirectory::new(world.platform.clone(), tenant(HOUSE));
    let page = directory.list(of, role, 0, 200).await.unwrap();
    assert_eq!(page.total, page.people.len() as u64);
    page.people
}

/// An account at home in the house, or elsewhere, that came at this time.
async fn arrive(world: &World, id: &str, home: Option<&TenantId>, at: u64) {
    let account = Account {
        home: home.cloned(),
        created_at: at,
        ..person(&format!("{id}@example.com"), id)
    };
    world.put(id, &account).await;
}

async fn appoint(world: &World, id: &str, role: Role) {
    let house = &tenant(HOUSE);
    let placed = world
        .platform
        .transact(|unit| async move { place(&unit, house, id, role, 9).await });
    placed.await.unwrap();
}

#[tokio::test]
async fn an_organisations_people_are_its_members_and_nobody_else() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    let rival = world.founded("eve", "Rival").await;
    let ada = Caller::of("ada", Role::Admin, Some(&acme));
    world.host.clock.advance(1_000);
    world.joined(&ada, "bob", Role::Vendor).await;

    let people = found(&world, &acme, &["bob", "eve", "nobody", "ada"]).await;
    assert_eq!(ids(&people), ["bob", "ada"]);
    assert_eq!(people[0].role, Role::Vendor);
    assert_eq!(
        (&*people[0].email, &*people[0].name),
        ("bob@example.com", "BOB")
    );
    assert!(people[0].email_verified, "he came by a letter");
    assert!(!people[1].email_verified);
    assert_eq!(people[0].joined_at, people[1].joined_at + 1_000);

    assert_eq!(ids(&listed(&world, &acme, None).await), ["bob", "ada"]);
    assert_eq!(
        ids(&listed(&world, &acme, Some(Role::Vendor)).await),
        ["bob"]
    );
    assert!(listed(&world, &acme, Some(Role::Viewer)).await.is_empty());
    assert_eq!(ids(&listed(&world, &rival, None).await), ["eve"]);
    assert!(listed(&world, &tenant("nowhere"), None).await.is_empty());
    assert!(found(&world, &tenant("nowhere"), &["ada"]).await.is_empty());
}

#[tokio::test]
async fn the_houses_people_work_in_no_organisation_or_were_given_a_role_in_it() {
    let world = world().await;
    let house = tenant(HOUSE);
    let elsewhere = tenant("elsewhere");
    arrive(&world, "one", None, 1).await;
    arrive(&world, "two", None, 2).await;
    arrive(&world, "three", Some(&elsewhere), 3).await;
    arrive(&world, "four", Some(&elsewhere), 4).await;
    appoint(&world, "four", Role::Admin).await;
    appoint(&world, "two", Role::Vendor).await;

    assert_eq!(
        ids(&listed(&world, &house, None).await),
        ["four", "two", "one"]
    );
    assert_eq!(
        ids(&listed(&world, &house, Some(Role::User)).await),
        ["one"]
    );
    assert_eq!(
        ids(&listed(&world, &house, Some(Role::Vendor)).await),
        ["two"]
    );
    assert_eq!(
        ids(&listed(&world, &house, Some(Role::Admin)).await),
        ["four"]
    );
    appoint(&world, "two", Role::User).await;
    assert_eq!(
        ids(&listed(&world, &house, Some(Role::User)).await),
        ["two", "one"]
    );

    let people = found(&world, &house, &["one", "three", "four"]).await;
    assert_eq!(ids(&people), ["one", "four"]);
    assert_eq!((people[0].role, people[0].joined_at), (Role::User, 1));
    assert_eq!(people[1].role, Role::Admin);
}

#[tokio::test]
async fn pages_are_cut_by_offset_and_limit_and_count_all() {
    let world = world().await;
    for (n, id) in ["a", "b", "c", "d", "e"].into_iter().enumerate() {
        arrive(&world, id, None, n as u64).await;
    }
    let directory = TenantDirectory::new(world.platform.clone(), tenant(HOUSE));
    let page = directory.list(&tenant(HOUSE), None, 1, 2).await.unwrap();
    assert_eq!((ids(&page.people), page.total), (vec!["d", "c"], 5));
}
