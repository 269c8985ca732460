//! A stack in memory, read in small pages, and each violation planted in it.

mod million;
mod planted;
mod queues;
mod world;
