//! Texts with a list of values that Docebo may extend: open enums.

/// Whether two spellings are one: case and the sign between words do not matter.
fn same(spelling: &str, text: &str) -> bool {
    let folded = |byte: u8| match byte {
        b' ' | b'-' => b'_',
        other => other.to_ascii_lowercase(),
    };
    spelling.bytes().map(folded).eq(text.trim().bytes().map(folded))
}

/// Declares open enums: variant, the spelling that is written, and further spellings that are read.
macro_rules! open_texts {
    ($(
        $(#[$docs:meta])*
        $name:ident {
            $( $(#[$variant_docs:meta])* $variant:ident = $spelling:literal $(| $alias:literal)*, )+
        }
    )+) => {$(
        $(#[$docs])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum $name {
            $( $(#[$variant_docs])* $variant, )+
            /// A value that this version does not know, as Docebo wrote it.
            Other(String),
        }

        impl $name {
            /// Reads a spelling, in any case; never fails.
            pub fn parse(text: &str) -> Self {
                $(
                    if [$spelling $(, $alias)*].iter().any(|spelling| same(spelling, text)) {
                        return Self::$variant;
                    }
                )+
                Self::Other(text.to_owned())
            }

            /// The value as Docebo spells it.
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $spelling, )+
                    Self::Other(text) => text,
                }
            }

            /// Whether this version knows the value.
            pub fn is_known(&self) -> bool {
                !matches!(self, Self::Other(_))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )+};
}

open_texts! {
    /// The type of a course.
    CourseType {
        /// An e-learning course.
        Elearning = "elearning",
        /// A course in sessions on site.
        Classroom = "classroom",
        /// A course in online sessions.
        Webinar = "webinar",
    }

    /// The role of a user in a course or session.
    CourseLevel {
        /// A learner, also called student (3).
        Learner = "learner" | "student" | "3",
        /// A tutor (4).
        Tutor = "tutor" | "4",
        /// An instructor (6).
        Instructor = "instructor" | "6",
        /// A coach.
        Coach = "coach",
    }

    /// The type of a training material, by Docebo's internal codes; how webhooks spell them is not published.
    TrainingMaterialType {
        /// An AICC package.
        Aicc = "aicc",
        /// A converted slide deck.
        Authoring = "authoring",
        /// An assignment.
        Deliverable = "deliverable",
        /// An Elucidat package.
        Elucidat = "elucidat",
        /// A file to download.
        File = "file",
        /// A document in Google Drive.
        Googledrive = "googledrive",
        /// An HTML page.
        Htmlpage = "htmlpage",
        /// An LTI tool.
        Lti = "lti",
        /// A survey.
        Poll = "poll",
        /// A SCORM package.
        Scormorg = "scormorg",
        /// A test.
        Test = "test",
        /// An xAPI (Tin Can) package.
        Tincan = "tincan",
        /// A video.
        Video = "video",
    }

    /// How far a user is with a training material, by Docebo's internal codes; how webhooks spell them is not
    /// published.
    TrainingMaterialStatus {
        /// Not begun.
        AbInitio = "ab-initio",
        /// Begun.
        Attempted = "attempted",
        /// Completed.
        Completed = "completed",
        /// Failed.
        Failed = "failed",
        /// Passed.
        Passed = "passed",
    }

    /// The state of a payment.
    PaymentStatus {
        /// Not paid yet.
        Pending = "pending",
        /// Paid.
        Successful = "successful",
        /// Refused.
        Failed = "failed",
        /// Called off.
        Canceled = "canceled",
    }
}
