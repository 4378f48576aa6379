//! Certifications: given, changed, taken back. Meant for Docebo Connect, says Docebo.

use super::super::table::events;

events! {
    area "Certifications";

    "certification.award.awarded", "Certification awarded" => CertificationAwardAwarded {
        certification_id: Id,
        /// Under impersonation, the impersonated user.
        user_id: Id,
        issue_date: Day,
        expiration_date: Day,
        /// Yes means that it never expires.
        always_valid: Bit,
        /// How it was given, such as `manual` or `external_integration`.
        association_type: Text,
        /// The user's number on an outside platform: a number, a text, or missing.
        certification_user_id: Any,
    }

    "certification.award.revoked", "Certification revoked" => CertificationAwardRevoked {
        certification_id: Id,
        /// Under impersonation, the impersonated user.
        user_id: Id,
        issue_date: Day,
        expiration_date: Day,
        /// Yes means that it never expires.
        always_valid: Bit,
        /// How it was given, such as `manual` or `external_integration`.
        association_type: Text,
        /// The user's number on an outside platform: a number, a text, or missing.
        certification_user_id: Any,
    }

    "certification.award.updated", "Certification updated" => CertificationAwardUpdated {
        certification_id: Id,
        /// Under impersonation, the impersonated user.
        user_id: Id,
        issue_date: Day,
        issue_date_old: Day,
        expiration_date: Day,
        expiration_date_old: Day,
        /// Yes means that it never expires.
        always_valid: Bit,
        always_valid_old: Bit,
        /// How it was given, such as `manual` or `external_integration`.
        association_type: Text,
        /// The user's number on an outside platform: a number, a text, or missing.
        certification_user_id: Any,
    }
}
