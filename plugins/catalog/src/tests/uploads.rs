//! Uploaded files where addresses stand.

use stoa_guest::testing::BlobInfo;

use super::*;

/// A shop with a public picture, and a file of `v1`'s.
fn shop() -> Shop {
    let shop = Shop::new();
    for (id, public_path) in [("PIC", Some("/media/acme/PIC".to_owned())), ("ZIP", None)] {
        let info = BlobInfo {
            id: id.into(),
            name: id.into(),
            content_type: String::new(),
            size_bytes: 1,
            digest: String::new(),
            owner: Some("v1".into()),
            created_at_ms: 0,
            public_path,
        };
        shop.0.blob(info, b"x");
    }
    shop
}

#[test]
fn a_pictures_id_becomes_its_address() {
    let shop = shop();
    let images = json!({
        "images": ["/a.png", "blob:PIC"],
        "files": { "screenshots": ["blob:PIC"], "thumbnail": "blob:PIC" },
    });
    let product = shop.add(Who::Vendor("v2"), images);
    let address = "/media/acme/PIC";
    assert_eq!(product["images"], json!(["/a.png", address]));
    assert_eq!(product["thumbnail"], address);
    assert_eq!(product["files"]["screenshots"], json!([address]));
    for (members, field) in [
        (json!({ "images": ["blob:ZIP"] }), "images.0"),
        (json!({ "thumbnail": "blob:NONE" }), "thumbnail"),
    ] {
        let problem = shop.try_add(Who::Vendor("v1"), members).unwrap_err();
        assert_eq!(
            (problem.status, problem.field.as_deref()),
            (400, Some(field))
        );
    }
}

#[test]
fn a_vendor_sells_own_files_alone() {
    let shop = shop();
    let sold = |id: &str| json!({ "files": { "downloadUrl": format!("blob:{id}") } });
    let product = shop.add(Who::Vendor("v1"), sold("ZIP"));
    assert_eq!(product["files"]["downloadUrl"], "blob:ZIP");
    let id = product["id"].as_str().unwrap();
    let renamed = shop.about(
        Who::Admin,
        "change_product",
        id,
        &json!({ "name": "Other" }),
    );
    assert_eq!(renamed.unwrap().json()["files"]["downloadUrl"], "blob:ZIP");
    for (who, id) in [(Who::Vendor("v2"), "ZIP"), (Who::Vendor("v1"), "NONE")] {
        let problem = shop.try_add(who, sold(id)).unwrap_err();
        let field = problem.field.as_deref();
        assert_eq!((problem.status, field), (400, Some("files.downloadUrl")));
    }
}
