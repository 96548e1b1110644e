use manage::db::models::Model;

/// A row of `shop_customer`.
#[derive(Debug, Clone, Model)]
#[model(app = "shop")]
pub struct Customer {
    /// The column `id`.
    pub id: i32,
    /// The column `email`.
    #[field(max_length = 80, unique)]
    pub email: String,
    /// The column `kind`.
    #[field(db_type = "tinytext")]
    pub kind: Option<String>,
}

/// A row of `orders`.
#[derive(Debug, Clone, Model)]
#[model(app = "shop", table = "orders")]
#[model(index(name = "by_customer", fields = ["customer", "-sort"], condition = "total > 1"))]
#[model(check(name = "some", sql = "total > 0"))]
#[model(unique(name = "once", fields = ["customer", "total"]))]
pub struct Orders {
    /// The column `number`.
    #[field(primary_key = true, max_length = 10)]
    pub number: String,
    /// The column `customer_id`.
    #[field(references = "shop.Customer", db_index = false, deferrable = false)]
    pub customer_id: i32,
    /// The column `sort`.
    #[field(db_default = "x")]
    pub sort: String,
    /// The column `total`.
    #[field(db_default = 1)]
    pub total: i32,
    /// The column `twice`.
    #[field(type = "Generated", expression = "total * 2", output = "Integer")]
    pub twice: Option<i32>,
}

/// A row of `shop_detail`.
#[derive(Debug, Clone, Model)]
#[model(app = "shop")]
pub struct Detail {
    /// The column `id`.
    #[field(type = "Integer")]
    pub id: i32,
    /// The column `customer_id`.
    #[field(references = "shop.Customer", one_to_one, db_collation = "NOCASE", db_type = "integer", to_field = "email", on_delete = "DO_NOTHING", deferrable = false)]
    pub customer_id: Option<String>,
}
