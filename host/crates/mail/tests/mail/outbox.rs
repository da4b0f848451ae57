//! The outbox of files and its pages.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use serde_json::json;
use stoa_kernel::call::Request;
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::Principal;
use stoa_kernel::mail::Letter;
use stoa_kernel::service::Service as _;
use stoa_kernel::wit::Caller;
use stoa_mail::{FileOutbox, Kept, OUTBOX_KEPT_MAX, OutboxPages};
use tempfile::TempDir;

use crate::support::{CODE, Office, code_letter};

struct Outbox {
    folder: TempDir,
    outbox: FileOutbox,
    office: Office,
}

async fn outbox() -> Outbox {
    let folder = tempfile::tempdir().unwrap();
    let outbox = FileOutbox::open(&folder.path().join("mail")).unwrap();
    Outbox {
        office: Office::open(outbox.clone()).await,
        outbox,
        folder,
    }
}

impl Outbox {
    fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder.path().join("mail")).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    async fn all(&self) -> Vec<Kept> {
        self.outbox.list(usize::MAX).await.unwrap()
    }

    async fn page(&self, handler: &str, id: Option<&str>) -> Result<String, Problem> {
        let pages = OutboxPages::new(self.outbox.clone()).unwrap();
        page(&pages, handler, id).await
    }
}

async fn page(pages: &OutboxPages, handler: &str, id: Option<&str>) -> Result<String, Problem> {
    let request = Request {
        id: "r".into(),
        address: None,
        tenant: TenantId::default(),
        principal: Principal::default(),
        params: id.map(|id| ("id".into(), id.into())).into_iter().collect(),
        query: String::new(),
        headers: Vec::new(),
        body: Default::default(),
        cause: None,
        idempotency: None,
    };
    let response = pages.handle(handler, request).await?;
    assert_eq!(response.status, 200);
    assert!(response.headers.contains(&(
        "content-type".to_owned(),
        "text/html; charset=utf-8".to_owned()
    )));
    Ok(String::from_utf8(response.body.to_vec()).unwrap())
}

fn invitation(organization: &str) -> Letter {
    Letter {
        to: "ada@b.example".into(),
        template: "invitation".into(),
        values: json!({
            "organization": organization,
            "inviter": "Zoë",
            "role": "vendor",
            "link": "https://shop.example/invitations/t0ken?x=1&y=2",
        }),
    }
}

#[tokio::test]
async fn a_letter_becomes_a_file_that_only_the_host_reads() {
    let outbox = outbox().await;
    outbox
        .office
        .post_and_try(&invitation("Käse\r\n\r\n--=_ & Söhne"))
        .await;
    let files = outbox.files();
    let [file] = files.as_slice() else {
        panic!("{files:?}")
    };
    assert_eq!(file.extension().unwrap(), "eml");
    assert_eq!(
        fs::metadata(file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let folder = fs::metadata(file.parent().unwrap()).unwrap();
    assert_eq!(folder.permissions().mode() & 0o777, 0o700);

    let text = fs::read_to_string(file).unwrap();
    let (head, _) = text.split_once("\n\n").unwrap();
    let names: Vec<&str> = head
        .lines()
        .map(|line| line.split(':').next().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "From",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "MIME-Version",
            "Content-Type"
        ]
    );
    let all = outbox.all().await;
    let [Kept { id, message }] = all.as_slice() else {
        panic!("{all:?}")
    };
    assert_eq!(*id, file.file_stem().unwrap().to_str().unwrap());
    assert_eq!(message.to, "ada@b.example");
    assert_eq!(message.from, "The Shop <no-reply@shop.example>");
    assert_eq!(message.subject, "Zoë invites you to Käse --=_ & Söhne");
    assert!(
        message.date.starts_with("Thu, 1 Jan 2026 00:00:00"),
        "{}",
        message.date
    );
    assert!(
        message
            .text
            .contains("https://shop.example/invitations/t0ken?x=1&y=2")
    );
    assert!(
        message.text.ends_with("ignore this message."),
        "{}",
        message.text
    );
    assert!(message.html.starts_with("<!doctype html>") && message.html.ends_with("</html>"));
    assert_eq!(outbox.outbox.read(id).await.unwrap().as_ref(), all.first());
}

#[tokio::test]
async fn the_newest_come_first_and_no_more_than_asked_for() {
    let outbox = outbox().await;
    for n in 0..5 {
        outbox.office.advance(1);
        outbox
            .office
            .post_and_try(&code_letter(&format!("ada{n}@b.example")))
            .await;
    }
    let newest = outbox.outbox.list(2).await.unwrap();
    let to: Vec<&str> = newest.iter().map(|kept| kept.message.to.as_str()).collect();
    assert_eq!(to, ["ada4@b.example", "ada3@b.example"]);
}

#[tokio::test]
async fn the_oldest_go_when_there_are_too_many() {
    let outbox = outbox().await;
    for n in 0..OUTBOX_KEPT_MAX + 3 {
        outbox.office.advance(1);
        outbox
            .office
            .post_and_try(&code_letter(&format!("ada{n}@b.example")))
            .await;
    }
    assert_eq!(outbox.files().len(), OUTBOX_KEPT_MAX);
    let all = outbox.all().await;
    assert_eq!(all.last().unwrap().message.to, "ada3@b.example");
}

#[tokio::test]
async fn an_outbox_that_can_t_be_written_costs_no_letter() {
    let outbox = outbox().await;
    let folder = outbox.folder.path().join("mail");
    fs::remove_dir(&folder).unwrap();
    outbox
        .office
        .post_and_try(&code_letter("ada@b.example"))
        .await;
    assert_eq!(outbox.office.reason_to_wait(), "outbox: entity not found");
    fs::create_dir(&folder).unwrap();
    outbox.office.advance_and_try().await;
    assert_eq!(outbox.all().await.len(), 1);
}

#[tokio::test]
async fn the_pages_show_letters_and_escape_them() {
    let outbox = outbox().await;
    assert!(
        outbox
            .page("letters", None)
            .await
            .unwrap()
            .contains("There is none yet.")
    );
    outbox
        .office
        .post_and_try(&invitation("<script>alert(1)</script>"))
        .await;
    let id = &outbox.all().await.first().unwrap().id.clone();

    let list = outbox.page("letters", None).await.unwrap();
    assert!(list.contains(&format!("href=\"/dev/mail/{id}\"")), "{list}");
    assert!(list.contains("ada@b.example"), "{list}");
    let one = outbox.page("letter", Some(id)).await.unwrap();
    let link =
        "<a href=\"https:&#x2f;&#x2f;shop.example&#x2f;invitations&#x2f;t0ken?x=1&amp;y=2\">";
    assert!(one.contains(link), "{one}");
    for page in [list, one] {
        assert!(
            !page.contains("<script") && page.contains("&lt;script&gt;"),
            "{page}"
        );
    }
}

#[tokio::test]
async fn what_is_no_letter_is_not_found() {
    let outbox = outbox().await;
    outbox
        .office
        .post_and_try(&code_letter("ada@b.example"))
        .await;
    let id = outbox.all().await.first().unwrap().id.clone();
    fs::write(outbox.folder.path().join("secret.eml"), CODE).unwrap();
    let missing = "0".repeat(26);
    for other in [
        "",
        "x",
        "../secret",
        "..%2fsecret",
        &missing,
        &format!("{id}.eml"),
    ] {
        let problem = outbox.page("letter", Some(other)).await.unwrap_err();
        assert_eq!(problem, Problem::not_found(), "{other}");
    }
    assert!(
        outbox
            .page("letter", Some(&id))
            .await
            .unwrap()
            .contains(CODE)
    );
}

#[tokio::test]
async fn the_pages_are_public_and_read_only() {
    let outbox = outbox().await;
    let pages = OutboxPages::new(outbox.outbox).unwrap();
    let package = pages.package();
    package.check().unwrap();
    assert_eq!(package.manifest.name, "dev-mail");
    let routes = &package.manifest.routes;
    let shown: Vec<String> = routes
        .iter()
        .map(|r| format!("{} {}", r.method, r.path))
        .collect();
    assert_eq!(shown, ["GET /dev/mail", "GET /dev/mail/{id}"]);
    assert!(
        routes
            .iter()
            .all(|route| route.callers.contains(&Caller::Public))
    );
}
