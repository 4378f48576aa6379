//! Transactions of the shop.

use super::super::table::events;

events! {
    area "Transactions";

    "ecommerce.transaction.created", "Transaction created" => EcommerceTransactionCreated {
        transaction_id: Id,
        /// Under impersonation, the impersonated user.
        user_id: Id,
        transaction_date: Moment,
        /// The name of a payment gateway or method.
        payment_type: Text,
        /// The payment gateway's id.
        external_transaction_id: Text,
        payment_status: PaymentStatus,
        /// A number or a decimal text.
        total_paidamount: Any,
        currency: Text,
    }

    "ecommerce.transaction.deleted", "Transaction deleted" => EcommerceTransactionDeleted {
        transaction_id: Id,
        /// Under impersonation, the impersonated user.
        user_id: Id,
        transaction_date: Moment,
        /// The name of a payment gateway or method.
        payment_type: Text,
        /// The payment gateway's id.
        external_transaction_id: Text,
        payment_status: PaymentStatus,
        /// A number or a decimal text.
        total_paidamount: Any,
    }

    "ecommerce.transaction.updated", "Transaction updated" => EcommerceTransactionUpdated {
        transaction_id: Id,
        /// Under impersonation, the impersonated user.
        user_id: Id,
        transaction_date: Moment,
        /// The name of a payment gateway or method.
        payment_type: Text,
        /// The payment gateway's id.
        external_transaction_id: Text,
        payment_status: PaymentStatus,
        /// A number or a decimal text.
        total_paidamount: Any,
    }
}
