//! The configuration file of a host that runs.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use stoa_testkit::guest_file;

use crate::events::until;
use crate::process::{Stoa, borrow_compiled};

/// What the probe greets with, or the status if it does not.
async fn greeting(host: &Stoa) -> Result<String, u16> {
    match host.ask("GET /probe/settings", &[], "").await.unwrap() {
        (200, answer) => Ok(answer["greeting"].as_str().unwrap().to_owned()),
        (status, _) => Err(status),
    }
}

async fn until_greeted(host: &Stoa, expected: Result<&str, u16>) {
    until(&format!("{expected:?}"), async || {
        let greeted = greeting(host).await;
        (greeted.as_deref().map_err(|status| *status) == expected).then_some(())
    })
    .await;
}

fn greets(word: &str) -> String {
    format!("[plugins.settings.probe]\ngreeting = \"{word}\"\n")
}

fn install(data: &Path, plugin: &str) {
    let (file, copy) = (format!("{plugin}.wasm"), format!(".{plugin}.new"));
    let plugins = data.join("plugins");
    fs::copy(guest_file(plugin), plugins.join(&copy)).unwrap();
    fs::rename(plugins.join(copy), plugins.join(file)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_file_is_followed_once_it_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let (data, folder) = (dir.path().join("data"), dir.path().join("mounted"));
    fs::create_dir_all(data.join("plugins")).unwrap();
    borrow_compiled(&data);
    install(&data, "probe");
    // As Kubernetes mounts it: the file leads to a folder that is replaced.
    for (version, word) in [("one", "ahoy"), ("two", "salve")] {
        fs::create_dir_all(folder.join(version)).unwrap();
        fs::write(folder.join(version).join("stoa.toml"), greets(word)).unwrap();
    }
    symlink("one", folder.join("..data")).unwrap();
    let file = folder.join("stoa.toml");
    symlink("..data/stoa.toml", &file).unwrap();
    let arguments = ["serve", "--config", file.to_str().unwrap()];
    let host = Stoa::spawn_as(&data, &arguments, &[]).until_well().await;
    assert_eq!(greeting(&host).await.as_deref(), Ok("ahoy"));
    symlink("two", folder.join("new")).unwrap();
    fs::rename(folder.join("new"), folder.join("..data")).unwrap();
    until_greeted(&host, Ok("salve")).await;

    fs::remove_file(&file).unwrap();
    fs::write(&file, "[plugins.deny]\nprobe = [\"storage\"]\n").unwrap();
    until_greeted(&host, Err(404)).await;
    // Whoever copies over it empties it first. What comes behind it is looked at later.
    fs::write(&file, "").unwrap();
    install(&data, "ledger");
    until("the ledger is there", async || {
        let asked = host.ask("GET /ledger/entries/k", &[], "").await;
        matches!(asked, Some((200, _))).then_some(())
    })
    .await;
    assert_eq!(greeting(&host).await, Err(404));
    fs::write(&file, greets("hello again")).unwrap();
    until_greeted(&host, Ok("hello again")).await;
}
