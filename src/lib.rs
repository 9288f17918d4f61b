//! Gatehouse: the accounts service of a Spin application.
