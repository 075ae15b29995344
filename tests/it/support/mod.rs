//! What several integration tests share.

pub(crate) mod bench;
pub(crate) mod cloud;
pub(crate) mod data;
pub(crate) mod golden;
pub(crate) mod made;
pub(crate) mod mist;
pub(crate) mod program;
pub(crate) mod site;
pub(crate) mod sshd;
pub(crate) mod talk;
pub(crate) mod web;
