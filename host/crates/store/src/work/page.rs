//! Queries: committed documents from the database or its cache, with the request's own writes merged in.

use std::sync::Arc;

use serde::Serialize;
use stoa_kernel::limits;
use stoa_kernel::query::{Filter, Page, Path, Query};
use stoa_kernel::store::StoreError;

use super::Work;
use super::state::Pending;
use crate::pages::{Found, Hit, Hits};
use crate::query::cursor;
use crate::query::order::{Order, Position};
use crate::query::project::project;
use crate::query::select::{Scope, counted};
use crate::row::Row;
use crate::table::{Key, Table};

/// A document with its place in the page's order.
struct Placed {
    position: Position,
    row: Arc<Row>,
    id: Arc<str>,
}

/// Committed documents in a page's order.
struct Committed {
    placed: Vec<Placed>,
    /// Whether there may be more, for which there was no room.
    is_cut_short: bool,
}

/// Which part of an order a page is.
struct Cut {
    offset: usize,
    /// Committed documents that the engine skips.
    start: usize,
    limit: usize,
}

impl Cut {
    fn of(query: &Query, own: usize) -> Self {
        let offset = query.offset.min(limits::PAGE_OFFSET_MAX) as usize;
        let limit = query.limit.clamp(1, limits::PAGE_LIMIT_MAX) as usize;
        // Of the documents that are skipped, at most so many are own ones.
        Self {
            offset,
            start: offset.saturating_sub(own),
            limit,
        }
    }

    /// One more than the page, to know whether there is another.
    const fn wanted(&self) -> usize {
        self.offset - self.start + self.limit + 1
    }

    /// Leaves the page alone; whether there are more documents behind it.
    fn apply(&self, placed: &mut Vec<Placed>) -> bool {
        placed.drain(..(self.offset - self.start).min(placed.len()));
        let more = placed.len() > self.limit;
        placed.truncate(self.limit);
        more
    }
}

impl Work {
    pub(super) async fn page(&self, table: &Arc<Table>, query: &Query) -> Result<Page, StoreError> {
        let own = {
            let mut state = self.state();
            state.query(table);
            state.own_of(table)
        };
        let page = if own.is_empty() {
            self.committed_page(table, query).await?
        } else {
            Arc::new(self.find(table, query, own).await?)
        };
        self.state().see(table, &page.hits);
        Ok(Page {
            items: page.hits.iter().map(|hit| hit.document.clone()).collect(),
            total: page.total,
            next_cursor: page.next_cursor.clone(),
        })
    }

    /// A page that no own write touches: the same for every request until somebody writes.
    async fn committed_page(
        &self,
        table: &Arc<Table>,
        query: &Query,
    ) -> Result<Arc<Hits>, StoreError> {
        let question = question(query);
        let (false, Some(question)) =
            (self.shared.may_expire(&self.tenant, table).await?, question)
        else {
            return Ok(Arc::new(self.find(table, query, Vec::new()).await?));
        };
        if let Some(Found::Page(page)) = self.shared.pages.get(table, &question) {
            return Ok(page);
        }
        let generation = table.generation();
        let page = Arc::new(self.find(table, query, Vec::new()).await?);
        self.shared
            .pages
            .put(table, question, generation, &Found::Page(Arc::clone(&page)));
        Ok(page)
    }

    async fn find(
        &self,
        table: &Arc<Table>,
        query: &Query,
        own: Vec<(Key, Pending)>,
    ) -> Result<Hits, StoreError> {
        let order = Order::of(&query.sort);
        let after = cursor::read(&table.name, query, &order)?;
        let without: Vec<Key> = own.iter().map(|(key, _)| key.clone()).collect();
        let mut placed = self.own_matches(&order, query.filter.as_ref(), own);
        let own_total = placed.len();
        let cut = Cut::of(query, own_total);
        let alive_at = self
            .shared
            .may_expire(&self.tenant, table)
            .await?
            .then(|| self.shared.now());
        let scope = Scope {
            table,
            filter: query.filter.as_ref(),
            without: &without,
            alive_at,
        };
        let committed = self
            .committed_at(&scope, &order, after.as_ref(), &cut)
            .await?;
        let is_cut_short = committed.is_cut_short;
        if is_cut_short && let Some(last) = committed.placed.last() {
            // What stands behind it is for the next page.
            placed.retain(|own| order.compare(&own.position, &last.position).is_lt());
        }
        placed.extend(committed.placed);
        let total = if query.total {
            Some(self.total(&scope).await? + own_total as u64)
        } else {
            None
        };
        if own_total > 0 {
            placed.retain(|found| {
                after
                    .as_ref()
                    .is_none_or(|after| order.compare(&found.position, after).is_gt())
            });
            placed.sort_by(|a, b| order.compare(&a.position, &b.position));
        }
        let more = cut.apply(&mut placed) || is_cut_short;
        let next_cursor = match placed.last() {
            Some(last) if more => cursor::write(&table.name, query, last.position.clone()),
            _ => None,
        };
        Ok(Hits {
            hits: placed.iter().map(|found| found.hit(query)).collect(),
            total,
            next_cursor,
        })
    }

    /// The committed documents that may be on the page, in portions that fit into memory.
    async fn committed_at(
        &self,
        scope: &Scope<'_>,
        order: &Order,
        after: Option<&Position>,
        cut: &Cut,
    ) -> Result<Committed, StoreError> {
        let mut placed: Vec<Placed> = Vec::new();
        let (mut start, mut bytes) = (cut.start, 0);
        loop {
            let wanted = cut.wanted() - placed.len();
            let portion = wanted.min(scope.table.largest.portion());
            let last = placed.last().map(|last| &last.position).or(after);
            let (text, variables) = scope.page(order, last, start, portion)?;
            let rows = self.shared.rows(&self.tenant, text, variables).await?;
            let read = rows.len();
            for row in rows {
                let (id, row) = Row::from_database(row)?;
                bytes += row.body.len();
                scope.table.largest.expect(row.body.len());
                placed.push(Placed {
                    position: order.position(&id, &row.value),
                    row: Arc::new(row),
                    id,
                });
            }
            let is_all = read < portion || read == wanted;
            if is_all || bytes >= limits::PAGE_BYTES_MAX {
                return Ok(Committed {
                    placed,
                    is_cut_short: !is_all,
                });
            }
            start = 0;
        }
    }

    async fn total(&self, scope: &Scope<'_>) -> Result<u64, StoreError> {
        let (text, variables) = scope.count();
        Ok(counted(
            self.shared.rows(&self.tenant, text, variables).await?,
        ))
    }

    /// The request's own documents that match.
    fn own_matches(
        &self,
        order: &Order,
        filter: Option<&Filter>,
        own: Vec<(Key, Pending)>,
    ) -> Vec<Placed> {
        let now = self.shared.now();
        let mut placed = Vec::new();
        for (key, pending) in own {
            let Some(row) = pending.visible(now) else {
                continue;
            };
            if filter.is_none_or(|filter| filter.matches(&key.id, &row.value)) {
                placed.push(Placed {
                    position: order.position(&key.id, &row.value),
                    row: Arc::clone(row),
                    id: key.id,
                });
            }
        }
        placed
    }
}

impl Placed {
    fn hit(&self, query: &Query) -> Hit {
        let mut document = self.row.document(&self.id);
        if !query.fields.is_empty() {
            document.body = project(&self.row.value, &query.fields).to_string().into();
        }
        Hit {
            document,
            revision: self.row.revision,
        }
    }
}

/// A query's text for the cache: equal for equal queries only.
fn question(query: &Query) -> Option<String> {
    #[derive(Serialize)]
    struct Question<'a>(
        &'a Option<Filter>,
        Vec<(&'a str, bool)>,
        (u32, u32, bool),
        &'a Option<String>,
        Vec<&'a str>,
    );
    let sort = query
        .sort
        .iter()
        .map(|key| (key.path.as_str(), key.descending))
        .collect();
    let fields = query.fields.iter().map(Path::as_str).collect();
    let cut = (query.limit, query.offset, query.total);
    serde_json::to_string(&Question(&query.filter, sort, cut, &query.cursor, fields)).ok()
}
