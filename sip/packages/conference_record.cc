#include "sip/packages/conference_record.h"

#include <string_view>

#include "api/sipevents/v1/field_numbers.h"
#include "sip/packages/conference_tree.h"

namespace sipevents::sip {
namespace {

namespace conference = fields::Conference;
namespace description = fields::ConferenceDescription;
namespace uri = fields::ConferenceUri;
namespace host = fields::ConferenceHost;
namespace state = fields::ConferenceState;
namespace user = fields::ConferenceUser;
namespace endpoint = fields::ConferenceEndpoint;
namespace action = fields::ConferenceAction;
namespace media = fields::ConferenceMedia;
namespace call = fields::ConferenceCall;
namespace sidebar = fields::ConferenceSidebar;

constexpr std::string_view kSpace = ConferenceTree::kSpace;

constexpr XmlField kActionFields[] = {
    Child("when", action::kTime, XmlValue::kTime),
    Child("reason", action::kReason),
    Child("by", action::kBy),
};
constexpr XmlRecord kAction = {kSpace, kActionFields};

constexpr XmlField kUriFields[] = {
    Child("uri", uri::kUri),
    Child("display-text", uri::kDisplayText),
    Child("purpose", uri::kPurpose),
    Nested("modified", uri::kModified, kAction),
};
constexpr XmlRecord kUri = {kSpace, kUriFields};

constexpr XmlToken kMediaStatuses[] = {
    {"sendrecv", media::Status::kSENDRECV},
    {"sendonly", media::Status::kSENDONLY},
    {"recvonly", media::Status::kRECVONLY},
    {"inactive", media::Status::kINACTIVE},
};
constexpr XmlField kOfferedMediaFields[] = {
    Child("type", media::kType),
    Attribute("label", media::kLabel),
    Child("status", media::kStatus, kMediaStatuses),
    Child("display-text", media::kDisplayText),
};
constexpr XmlRecord kOfferedMedia = {kSpace, kOfferedMediaFields};
constexpr XmlField kMediaFields[] = {
    Attribute("id", media::kId),
    Child("type", media::kType),
    Child("label", media::kLabel),
    Child("src-id", media::kSrcId),
    Child("status", media::kStatus, kMediaStatuses),
    Child("display-text", media::kDisplayText),
};
constexpr XmlRecord kMedia = {kSpace, kMediaFields};

constexpr XmlField kDescriptionFields[] = {
    Child("subject", description::kSubject),
    Child("display-text", description::kDisplayText),
    Child("free-text", description::kFreeText),
    EachWord("keywords", description::kKeywords),
    Within("conf-uris", EachNested("entry", description::kConfUris, kUri)),
    Within("service-uris", EachNested("entry", description::kServiceUris, kUri)),
    Child("maximum-user-count", description::kMaximumUserCount, XmlValue::kUnsigned),
    Within("available-media", EachNested("entry", description::kAvailableMedia, kOfferedMedia)),
};
constexpr XmlRecord kDescription = {kSpace, kDescriptionFields};

constexpr XmlField kHostFields[] = {
    Child("display-text", host::kDisplayText),
    Child("web-page", host::kWebPage),
    Within("uris", EachNested("entry", host::kUris, kUri)),
};
constexpr XmlRecord kHost = {kSpace, kHostFields};

constexpr XmlField kStateFields[] = {
    Child("user-count", state::kUserCount, XmlValue::kPresent),
    Child("active", state::kActive, XmlValue::kFlag),
    Child("locked", state::kLocked, XmlValue::kFlag),
};
constexpr XmlRecord kState = {kSpace, kStateFields};

constexpr XmlField kCallFields[] = {
    Child("display-text", call::kDisplayText),
    Child("call-id", call::kCallId),
    Child("from-tag", call::kFromTag),
    Child("to-tag", call::kToTag),
};
constexpr XmlRecord kCall = {kSpace, kCallFields};

constexpr XmlToken kStatuses[] = {
    {"pending", endpoint::Status::kPENDING},
    {"dialing-out", endpoint::Status::kDIALING_OUT},
    {"dialing-in", endpoint::Status::kDIALING_IN},
    {"alerting", endpoint::Status::kALERTING},
    {"on-hold", endpoint::Status::kON_HOLD},
    {"connected", endpoint::Status::kCONNECTED},
    {"muted-via-focus", endpoint::Status::kMUTED_VIA_FOCUS},
    {"disconnecting", endpoint::Status::kDISCONNECTING},
    {"disconnected", endpoint::Status::kDISCONNECTED},
};
constexpr XmlToken kJoiningMethods[] = {
    {"dialed-in", endpoint::JoiningMethod::kDIALED_IN},
    {"dialed-out", endpoint::JoiningMethod::kDIALED_OUT},
    {"focus-owner", endpoint::JoiningMethod::kFOCUS_OWNER},
};
constexpr XmlToken kDisconnectionMethods[] = {
    {"departed", endpoint::DisconnectionMethod::kDEPARTED},
    {"booted", endpoint::DisconnectionMethod::kBOOTED},
    {"failed", endpoint::DisconnectionMethod::kFAILED},
    {"busy", endpoint::DisconnectionMethod::kBUSY},
};
constexpr XmlField kEndpointFields[] = {
    Attribute("entity", endpoint::kEntity),
    Child("display-text", endpoint::kDisplayText),
    Child("status", endpoint::kStatus, kStatuses),
    Child("joining-method", endpoint::kJoiningMethod, kJoiningMethods),
    Nested("joining-info", endpoint::kJoiningInfo, kAction),
    Child("disconnection-method", endpoint::kDisconnectionMethod, kDisconnectionMethods),
    Nested("disconnection-info", endpoint::kDisconnectionInfo, kAction),
    Nested("referred", endpoint::kReferred, kAction),
    EachNested("media", endpoint::kMedia, kMedia),
    Within("call-info", Nested("sip", endpoint::kCallInfo, kCall)),
};
constexpr XmlRecord kEndpoint = {kSpace, kEndpointFields};

constexpr XmlField kUserFields[] = {
    Attribute("entity", user::kEntity),
    Child("display-text", user::kDisplayText),
    Within("roles", EachChild("entry", user::kRoles)),
    EachWord("languages", user::kLanguages),
    Within("associated-aors", EachNested("entry", user::kAssociatedAors, kUri)),
    Child("cascaded-focus", user::kCascadedFocus),
    EachNested("endpoint", user::kEndpoints, kEndpoint),
};
constexpr XmlRecord kUser = {kSpace, kUserFields};

constexpr XmlField kReferredSidebarFields[] = {
    Child("uri", sidebar::kUri),
    Child("display-text", sidebar::kDisplayText),
};
constexpr XmlRecord kReferredSidebar = {kSpace, kReferredSidebarFields};
// A conference in full; its address is enough, as it is of one by reference.
constexpr XmlField kIncludedSidebarFields[] = {
    Attribute("entity", sidebar::kUri),
    Within("conference-description", Child("display-text", sidebar::kDisplayText)),
};
constexpr XmlRecord kIncludedSidebar = {kSpace, kIncludedSidebarFields};

constexpr XmlField kConferenceFields[] = {
    Attribute("entity", conference::kEntity),
    Attribute("version", conference::kVersion, XmlValue::kUnsigned),
    Nested("conference-description", conference::kDescription, kDescription),
    Nested("host-info", conference::kHostInfo, kHost),
    Nested("conference-state", conference::kState, kState),
    Within("users", EachNested("user", conference::kUsers, kUser)),
    Within("sidebars-by-ref", EachNested("entry", conference::kSidebars, kReferredSidebar)),
    Within("sidebars-by-val", EachNested("entry", conference::kSidebars, kIncludedSidebar)),
};
constexpr XmlRecord kConference = {kSpace, kConferenceFields};

}  // namespace

const XmlRecord& ConferenceRecord() { return kConference; }

}  // namespace sipevents::sip
