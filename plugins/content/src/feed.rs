//! The feed of the blog: RSS 2.0, as readers of feeds take it.

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use stoa_guest::prelude::*;
use stoa_guest::storage::Stored;

use crate::article::{Article, LISTED, Shelf, Status};
use crate::view::{self, AuthorView};
use crate::{authors, caching, site, xml};

/// Posts of a feed: what readers expect, who come by every day.
const POSTS_MAX: u32 = 50;

pub fn feed(caller: Caller) -> Result<Response> {
    let texts = Shelf::Blog.texts();
    let posts = texts
        .query()
        .filter(eq("status", Status::Published.word()))
        .sort_desc("orderedAt")
        .fields(LISTED)
        .limit(POSTS_MAX)
        .run()?
        .items;
    let names = authors::names(posts.iter().map(|post| post.value.author_id.as_str()))?;
    let spaces = [
        ("version", "2.0"),
        ("xmlns:atom", "http://www.w3.org/2005/Atom"),
        ("xmlns:dc", "http://purl.org/dc/elements/1.1/"),
    ];
    let body = xml::document("rss", &spaces, |rss| {
        let channel = rss.create_element("channel");
        channel.write_inner_content(|channel| {
            head(channel, posts.first())?;
            posts.iter().try_for_each(|post| {
                let name = names.get(&post.value.author_id).cloned();
                item(channel, post, &AuthorView::of(&post.value, name))
            })
        })?;
        Ok(())
    })?;
    let answer = xml::answer("application/rss+xml; charset=utf-8", body);
    caching::marked(&caller, answer)
}

fn head(channel: &mut xml::Document, latest: Option<&Stored<Article>>) -> std::io::Result<()> {
    let description = site::description();
    let own = site::url("/feed.xml");
    xml::element(channel, "title", &site::name())?;
    xml::element(channel, "link", &site::url("/blog"))?;
    xml::element(channel, "description", &description)?;
    let link = channel.create_element("atom:link");
    link.with_attributes([
        ("href", own.as_str()),
        ("rel", "self"),
        ("type", "application/rss+xml"),
    ])
    .write_empty()?;
    match latest {
        Some(post) => xml::element(channel, "lastBuildDate", &date(post.value.updated_at)),
        None => Ok(()),
    }
}

fn item(
    channel: &mut xml::Document,
    post: &Stored<Article>,
    author: &AuthorView,
) -> std::io::Result<()> {
    let article = &post.value;
    let item = channel.create_element("item");
    item.write_inner_content(|item| {
        xml::element(item, "title", &article.title)?;
        xml::element(item, "link", &view::page(Shelf::Blog, article))?;
        // The id stays the same when the address changes.
        let guid = item.create_element("guid");
        let id = quick_xml::events::BytesText::new(&post.id);
        guid.with_attribute(("isPermaLink", "false"))
            .write_text_content(id)?;
        xml::element(item, "pubDate", &date(article.ordered_at))?;
        xml::element(item, "dc:creator", &author.name)?;
        for category in article.category.iter().chain(&article.tags) {
            xml::element(item, "category", category)?;
        }
        xml::element(item, "description", article.teaser())
    })?;
    Ok(())
}

/// As RSS has it: RFC 2822.
fn date(ms: u64) -> String {
    let time = i64::try_from(ms).ok().map(Timestamp::from_millisecond);
    let time = time.and_then(Result::ok).unwrap_or_default();
    rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&time)
        .unwrap_or_default()
}
