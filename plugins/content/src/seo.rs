//! What search engines and other sites are told of a page: for its `<head>`, ready to be written there.

use serde::Serialize;
use serde_json::{Map, Value, json};
use stoa_guest::prelude::*;

use crate::article::{Article, Shelf};
use crate::job::{Employment, Job, Salary};
use crate::view::{self, AuthorView};
use crate::{job_view, site};

/// The `<head>` of a page.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct SeoView {
    pub title: String,
    pub description: String,
    pub canonical_url: String,
    /// For `<meta name="robots">`.
    pub robots: String,
    /// Open Graph: a `<meta property="…">` each.
    pub open_graph: Map<String, Value>,
    /// For `<script type="application/ld+json">`, after schema.org.
    pub json_ld: Map<String, Value>,
}

/// The head of a text's page.
pub fn of_article(shelf: Shelf, article: &Article, author: &AuthorView) -> SeoView {
    let seo = &article.seo;
    let title = seo.title.clone().unwrap_or_else(|| article.title.clone());
    let description = seo.description.clone();
    let description = description.unwrap_or_else(|| article.teaser().to_owned());
    let canonical_url = seo.canonical_url.clone();
    let canonical_url = canonical_url.unwrap_or_else(|| view::page(shelf, article));
    let image = seo.image.as_ref().or(article.cover_image.as_ref());
    let image = image.map(|image| site::absolute(image));
    let published = article.published_at.map(clock::rfc3339);
    let modified = clock::rfc3339(article.updated_at);
    let open_graph = members(json!({
        "og:type": "article",
        "og:title": title,
        "og:description": description,
        "og:url": canonical_url,
        "og:site_name": site::name(),
        "og:image": image,
        "article:published_time": published,
        "article:modified_time": modified,
        "article:author": author.name,
        "article:section": article.category,
        "article:tag": listed(&article.tags),
    }));
    let json_ld = members(json!({
        "@context": "https://schema.org",
        "@type": match shelf {
            Shelf::Blog => "BlogPosting",
            Shelf::Help | Shelf::Tutorials => "TechArticle",
        },
        "headline": article.title,
        "description": description,
        "url": canonical_url,
        "mainEntityOfPage": canonical_url,
        "image": image,
        "datePublished": published,
        "dateModified": modified,
        "author": { "@type": "Person", "name": author.name },
        "publisher": organization(),
        "articleSection": article.category,
        "keywords": listed(&article.tags),
        "proficiencyLevel": article.difficulty,
        "timeRequired": format!("PT{}M", article.reading_minutes),
    }));
    SeoView {
        title,
        description,
        canonical_url,
        robots: robots(seo.no_index),
        open_graph,
        json_ld,
    }
}

/// The head of a job's page.
pub fn of_job(job: &Job) -> SeoView {
    let url = job_view::page(job);
    let open_graph = members(json!({
        "og:type": "website",
        "og:title": job.title,
        "og:description": job.summary,
        "og:url": url,
        "og:site_name": site::name(),
    }));
    let json_ld = members(json!({
        "@context": "https://schema.org",
        "@type": "JobPosting",
        "title": job.title,
        "description": job.html,
        "url": url,
        "datePosted": job.opened_at.map(clock::rfc3339),
        "validThrough": job.closes_at.map(clock::rfc3339),
        "employmentType": employment(job.employment),
        "hiringOrganization": organization(),
        "jobLocation": job.location.as_ref().map(|place| json!({
            "@type": "Place",
            "address": { "@type": "PostalAddress", "addressLocality": place },
        })),
        "jobLocationType": job.remote.then_some("TELECOMMUTE"),
        "baseSalary": job.salary.as_ref().map(salary),
    }));
    SeoView {
        title: job.title.clone(),
        description: job.summary.clone(),
        canonical_url: url,
        robots: robots(false),
        open_graph,
        json_ld,
    }
}

fn robots(no_index: bool) -> String {
    if no_index { "noindex" } else { "index,follow" }.into()
}

fn organization() -> Value {
    json!({ "@type": "Organization", "name": site::name(), "url": site::url("") })
}

fn salary(salary: &Salary) -> Value {
    json!({
        "@type": "MonetaryAmount",
        "currency": salary.least.currency,
        "value": {
            "@type": "QuantitativeValue",
            "minValue": salary.least.to_major_json(),
            "maxValue": salary.most.to_major_json(),
            "unitText": "YEAR",
        },
    })
}

/// The words of schema.org.
const fn employment(employment: Employment) -> &'static str {
    match employment {
        Employment::FullTime => "FULL_TIME",
        Employment::PartTime => "PART_TIME",
        Employment::Contract => "CONTRACTOR",
        Employment::Internship => "INTERN",
    }
}

fn listed(tags: &[String]) -> Option<&[String]> {
    (!tags.is_empty()).then_some(tags)
}

/// The members that say something.
fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .collect(),
        _ => Map::new(),
    }
}
