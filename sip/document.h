#ifndef SIP_DOCUMENT_H_
#define SIP_DOCUMENT_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/time/time.h"

// The typed states of the event packages, as the rest of the program sees them: plain structs
// whose text is a view. A view points into the buffer that the document was decoded from, or
// into the tables of the package that merged it, and lives as long as the call that hands the
// document over (no copy is made on the way from a NOTIFY to the encoded event).

namespace sipevents::sip {

using TextPairs = std::vector<std::pair<std::string_view, std::string_view>>;

// ---- presence: PIDF (RFC 3863), data model (RFC 4479), RPID (RFC 4480), timed status (RFC 4481),
// CIPID (RFC 4482)

struct PresenceNote {
  std::string_view text;
  std::string_view language;
};

// One RPID element: its values and how long they hold.
struct RichElement {
  std::vector<std::string_view> values;
  std::string_view other;
  std::optional<absl::Time> from_time;
  std::optional<absl::Time> until_time;
  std::vector<PresenceNote> notes;
};

// The RPID elements in a fixed order; kRichElementCount must be last.
enum RichElementKind {
  kActivities,
  kClass,
  kMood,
  kPlaceIsAudio,
  kPlaceIsVideo,
  kPlaceIsText,
  kPlaceType,
  kPrivacy,
  kRelationship,
  kServiceClass,
  kSphere,
  kStatusIcon,
  kRichElementCount,
};

struct UserInput {
  bool idle = false;
  bool state_given = false;
  std::optional<absl::Duration> idle_threshold;
  std::optional<absl::Time> last_input_time;
};

struct TimeOffset {
  int minutes = 0;
  std::string_view description;
};

struct RichPresence {
  // Only the elements that the document has, in the order of the document.
  std::vector<std::pair<RichElementKind, RichElement>> elements;
  std::optional<TimeOffset> time_offset;
  std::optional<UserInput> user_input;
  bool empty() const { return elements.empty() && !time_offset && !user_input; }
};

enum class PresenceBasic { kUnspecified, kOpen, kClosed };

// Where to find out about the user or service (CIPID, RFC 4482); URIs but for the name.
struct ContactCard {
  std::string_view card;
  std::string_view display_name;
  std::string_view homepage;
  std::string_view icon;
  std::string_view map;
  std::string_view sound;
  bool empty() const {
    return card.empty() && display_name.empty() && homepage.empty() && icon.empty() &&
           map.empty() && sound.empty();
  }
};

// What a status was, or will be, for a time (RFC 4481).
struct TimedStatus {
  std::optional<absl::Time> from_time;
  std::optional<absl::Time> until_time;
  PresenceBasic basic = PresenceBasic::kUnspecified;
  RichPresence rich;
};

struct PresenceTuple {
  std::string_view id;
  PresenceBasic basic = PresenceBasic::kUnspecified;
  std::string_view contact;
  std::optional<double> contact_priority;  // 0 to 1
  std::vector<PresenceNote> notes;
  std::optional<absl::Time> timestamp;
  std::vector<std::string_view> device_ids;
  RichPresence rich;
  std::vector<TimedStatus> timed_statuses;
  ContactCard contact_card;
};

struct PresencePerson {
  std::string_view id;
  std::vector<PresenceNote> notes;
  std::optional<absl::Time> timestamp;
  RichPresence rich;
  ContactCard contact_card;
};

struct PresenceDevice {
  std::string_view id;
  std::string_view device_id;
  std::vector<PresenceNote> notes;
  std::optional<absl::Time> timestamp;
  RichPresence rich;
};

struct Presence {
  std::string_view entity;
  std::vector<PresenceTuple> tuples;
  std::vector<PresencePerson> persons;
  std::vector<PresenceDevice> devices;
  std::vector<PresenceNote> notes;
};

// ---- dialog: dialog-info (RFC 4235)

enum class CallDirection { kUnspecified, kInitiator, kRecipient };
enum class CallState { kUnspecified, kTrying, kProceeding, kEarly, kConfirmed, kTerminated };
enum class CallEvent {
  kUnspecified,
  kCancelled,
  kRejected,
  kReplaced,
  kLocalBye,
  kRemoteBye,
  kError,
  kTimeout,
};

struct CallReference {
  std::string_view call_id;
  std::string_view local_tag;
  std::string_view remote_tag;
};

struct CallParty {
  std::string_view identity;
  std::string_view display_name;
  std::string_view target;
  TextPairs target_parameters;
  std::string_view session_description_type;
  std::string_view session_description;
  std::optional<uint32_t> cseq;
};

struct Call {
  std::string_view id;
  std::string_view call_id;
  std::string_view local_tag;
  std::string_view remote_tag;
  CallDirection direction = CallDirection::kUnspecified;
  CallState state = CallState::kUnspecified;
  CallEvent event = CallEvent::kUnspecified;
  int code = 0;  // 100 to 699; 0 if none
  std::optional<absl::Duration> duration;
  std::optional<CallReference> replaces;
  std::string_view referred_by;
  std::string_view referred_by_display_name;
  std::vector<std::string_view> route_set;
  CallParty local;
  CallParty remote;
};

struct DialogInfo {
  std::string_view entity;
  uint32_t version = 0;
  std::vector<Call> calls;
};

// ---- message-summary (RFC 3842)

enum class MessageClass { kUnspecified, kVoice, kVideo, kFax, kPager, kMultimedia, kText, kNone };

struct MessageCount {
  MessageClass message_class = MessageClass::kUnspecified;
  uint32_t new_count = 0;
  uint32_t old_count = 0;
  uint32_t urgent_new_count = 0;
  uint32_t urgent_old_count = 0;
};

struct MessageSummary {
  bool messages_waiting = false;
  std::string_view account;
  std::vector<MessageCount> counts;
  // Header lines of each newly arrived message.
  std::vector<TextPairs> new_messages;
};

// ---- all other packages

// A state as octets: the fields of its message in the contract, in protobuf's wire format. What
// merges rows keeps them like this, so that showing a state is copying it.
struct EncodedDocument {
  int number = 0;  // of the field of v1.Event that holds it
  std::string_view fields;
};

// The state of one resource; std::monostate where the package has no typed form.
using Document =
    std::variant<std::monostate, Presence, DialogInfo, MessageSummary, EncodedDocument>;

}  // namespace sipevents::sip

#endif  // SIP_DOCUMENT_H_
