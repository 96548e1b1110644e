mod stores;
mod stores_browsers;
mod stores_world;
