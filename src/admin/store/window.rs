//! The window of a list: the rows that one page examines, however many there are and whatever the filters.

use crate::db::{DbError, Row};

/// Rows of a window. A thousand take some milliseconds.
pub const SIZE: usize = 1000;

/// A page of a list.
pub struct Page<T, P> {
    pub items: Vec<T>,
    /// Where the next page begins: after this position. `None` at the end of the list.
    pub end: Option<P>,
}

/// Makes a page of at most `limit` items from the rows of a window. One item more than that means that there is
/// another page. `read` returns `None` for a row that holds no item and only marks the end of the window.
pub fn page<T, P>(
    rows: &[Row],
    limit: usize,
    read: impl Fn(&Row) -> Result<Option<(T, P)>, DbError>,
    window_end: impl Fn(&Row) -> Option<P>,
) -> Result<Page<T, P>, DbError> {
    let found = rows.iter().filter_map(|row| read(row).transpose());
    let mut found = found.collect::<Result<Vec<_>, _>>()?;
    let has_more = found.len() > limit;
    found.truncate(limit);
    let (items, positions): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    let end = if has_more {
        positions.into_iter().next_back()
    } else {
        rows.last().and_then(window_end)
    };
    Ok(Page { items, end })
}
