//! What is taken and what is not.

use stoa_kernel::wit::signature::{append, split};
use stoa_registry::SigningKey;

use crate::support::{World, key, operator, plugin, signed, told, vendor, world};

async fn upload(world: &World, file: Vec<u8>) -> (u16, String) {
    told(world.registry.upload(&vendor(), file.into()).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_one_file_for_ever() {
    let world = world().await;
    let digest = world.publish("1.0.0", "").await;
    assert_eq!(
        world.publish("1.0.0", "").await,
        digest,
        "the same once more"
    );
    let other = plugin("acme-notes", "1.0.0", "summary = \"other bytes\"");
    let answer = upload(&world, signed(&other, &world.vendor)).await;
    assert_eq!(answer, (409, "version-taken".into()));
    let newer = world.publish("1.0.1", "summary = \"other bytes\"").await;
    assert_ne!(newer, digest);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_trusted_keys_have_signed_is_taken() {
    let world = world().await;
    let file = plugin("acme-notes", "1.0.0", "");
    let untrusted = (422, "untrusted".to_owned());
    assert_eq!(upload(&world, file.clone()).await, untrusted, "unsigned");
    assert_eq!(
        upload(&world, signed(&file, &key())).await,
        untrusted,
        "a stranger's"
    );
    // A good signature of another file.
    let other = signed(
        &plugin("acme-notes", "1.0.0", "summary = \"x\""),
        &world.vendor,
    );
    let mut wrong = file.clone();
    append(&mut wrong, &split(&other).unwrap().1[0]);
    assert_eq!(
        upload(&world, wrong).await,
        untrusted,
        "a signature of another file"
    );
    let elsewhere = signed(&plugin("other-notes", "1.0.0", ""), &world.vendor);
    assert_eq!(upload(&world, elsewhere).await, untrusted, "another's name");
    assert!(world.shelf.0.lock().unwrap().is_empty(), "nothing was kept");
    let compiled = *world.runtime.examined.lock().unwrap();
    assert_eq!(compiled, 0, "nobody's file is worth a compiler's time");

    let vendors: &SigningKey = &world.vendor;
    world.revoke(&vendors.public()).await;
    assert_eq!(
        upload(&world, signed(&file, vendors)).await,
        untrusted,
        "a revoked key's"
    );
    // An operator's word makes up for it.
    let both = signed(&signed(&file, vendors), &world.operator);
    world.registry.upload(&vendor(), both.into()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revision_has_only_so_many_signatures() {
    let world = world().await;
    let file = signed(&plugin("acme-notes", "1.0.0", ""), &world.vendor);
    let with_strangers = || (0..7).fold(file.clone(), |file, _| signed(&file, &key()));
    for _ in 0..4 {
        let file = with_strangers().into();
        world.registry.upload(&vendor(), file).await.unwrap();
    }
    let one_too_many = (409, "too-many-signatures".into());
    assert_eq!(upload(&world, with_strangers()).await, one_too_many);
    let again = world.registry.upload(&vendor(), file.into()).await;
    assert_eq!(
        again.unwrap().signed_by.len(),
        29,
        "what was refused is not kept"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_an_operator_adds_counts_until_it_is_revoked() {
    let world = world().await;
    let new = key();
    let add = |plugins: &str| {
        let plugins = [plugins.to_owned()].into();
        let (registry, key) = (world.registry.clone(), new.public());
        async move { registry.add_key(&operator(), &key, "beta", plugins).await }
    };
    add("beta-*").await.unwrap();
    assert_eq!(told(add("*").await), (409, "key-known".into()));
    let file = |version: &str| signed(&plugin("beta-chat", version, ""), &new);
    let taken = world.registry.upload(&vendor(), file("1.0.0").into()).await;
    assert_eq!(taken.unwrap().signed_by, [new.public()]);
    world.revoke(&new.public()).await;
    assert_eq!(
        upload(&world, file("1.0.1")).await,
        (422, "untrusted".into())
    );
    assert_eq!(told(add("*").await), (409, "key-known".into()), "for good");
    let who = operator();
    let nothing = world.registry.revoke(&who, "something", "").await;
    assert_eq!(told(nothing).0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_plugin_or_takes_a_name_is_refused() {
    let world = world().await;
    let refused = (422, "plugin-refused".to_owned());
    let mut cut = signed(&plugin("acme-notes", "1.0.0", ""), &world.vendor);
    cut.truncate(cut.len() - 1);
    for file in [
        b"\x7fELF and so on".to_vec(),
        b"(component)".to_vec(),
        b"PK\x03\x04 a zip".to_vec(),
        b"\0asm\x01\0\0\0".to_vec(),
        Vec::new(),
        cut,
    ] {
        assert_eq!(upload(&world, file).await, refused);
    }
    let reserved = signed(&plugin("accounts", "1.0.0", ""), &world.operator);
    assert_eq!(upload(&world, reserved).await, refused, "the host's own");

    world.publish("1.0.0", "").await;
    let mut rival = vendor();
    rival.account = "ruth".into();
    let file = signed(&plugin("acme-notes", "2.0.0", ""), &world.operator);
    let answer = world.registry.upload(&rival, file.clone().into()).await;
    assert_eq!(told(answer), (409, "name-taken".into()));
    let uploaded = world.registry.upload(&operator(), file.into()).await;
    assert_eq!(uploaded.unwrap().revision.uploaded_by, "olga");
}
