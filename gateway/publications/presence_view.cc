#include <optional>
#include <string>
#include <vector>

#include "gateway/publications/document_view.h"
#include "gateway/rpc/timestamps.h"

namespace sipevents::gateway {
namespace {

// Where RichPresence keeps each element, in the order of sip::RichElementKind.
using Has = bool (v1::RichPresence::*)() const;
using Get = const v1::RichElement& (v1::RichPresence::*)() const;
struct ElementField {
  Has has;
  Get get;
};
constexpr ElementField kElements[] = {
    {&v1::RichPresence::has_activities, &v1::RichPresence::activities},
    {&v1::RichPresence::has_class_, &v1::RichPresence::class_},
    {&v1::RichPresence::has_mood, &v1::RichPresence::mood},
    {&v1::RichPresence::has_place_is_audio, &v1::RichPresence::place_is_audio},
    {&v1::RichPresence::has_place_is_video, &v1::RichPresence::place_is_video},
    {&v1::RichPresence::has_place_is_text, &v1::RichPresence::place_is_text},
    {&v1::RichPresence::has_place_type, &v1::RichPresence::place_type},
    {&v1::RichPresence::has_privacy, &v1::RichPresence::privacy},
    {&v1::RichPresence::has_relationship, &v1::RichPresence::relationship},
    {&v1::RichPresence::has_service_class, &v1::RichPresence::service_class},
    {&v1::RichPresence::has_sphere, &v1::RichPresence::sphere},
    {&v1::RichPresence::has_status_icon, &v1::RichPresence::status_icon},
};
static_assert(std::size(kElements) == sip::kRichElementCount);

std::optional<absl::Time> TimeOf(bool given, const google::protobuf::Timestamp& time) {
  if (!given) return std::nullopt;
  return ToTime(time);
}

template <typename Texts>
std::vector<std::string_view> ViewsOf(const Texts& texts) {
  return {texts.begin(), texts.end()};
}

template <typename Notes>
std::vector<sip::PresenceNote> NotesOf(const Notes& notes) {
  std::vector<sip::PresenceNote> views;
  for (const v1::PresenceNote& note : notes) views.push_back({note.text(), note.language()});
  return views;
}

sip::RichElement ViewOf(const v1::RichElement& element) {
  sip::RichElement view;
  view.values = ViewsOf(element.values());
  view.other = element.other();
  view.from_time = TimeOf(element.has_from_time(), element.from_time());
  view.until_time = TimeOf(element.has_until_time(), element.until_time());
  view.notes = NotesOf(element.notes());
  return view;
}

sip::UserInput ViewOf(const v1::UserInput& input) {
  sip::UserInput view;
  view.idle = input.state() == v1::UserInput::IDLE;
  view.state_given = input.state() != v1::UserInput::STATE_UNSPECIFIED;
  if (input.has_idle_threshold()) view.idle_threshold = ToDuration(input.idle_threshold());
  view.last_input_time = TimeOf(input.has_last_input_time(), input.last_input_time());
  return view;
}

sip::RichPresence ViewOf(const v1::RichPresence& rich) {
  sip::RichPresence view;
  int kind = 0;
  for (const auto& element : kElements) {
    if ((rich.*element.has)()) {
      view.elements.emplace_back(static_cast<sip::RichElementKind>(kind),
                                 ViewOf((rich.*element.get)()));
    }
    ++kind;
  }
  if (rich.has_time_offset()) {
    view.time_offset =
        sip::TimeOffset{rich.time_offset().minutes(), rich.time_offset().description()};
  }
  if (rich.has_user_input()) view.user_input = ViewOf(rich.user_input());
  return view;
}

sip::ContactCard ViewOf(const v1::ContactCard& card) {
  return {.card = card.card(),
          .display_name = card.display_name(),
          .homepage = card.homepage(),
          .icon = card.icon(),
          .map = card.map(),
          .sound = card.sound()};
}

sip::TimedStatus ViewOf(const v1::TimedStatus& status) {
  sip::TimedStatus view;
  view.from_time = TimeOf(status.has_from_time(), status.from_time());
  view.until_time = TimeOf(status.has_until_time(), status.until_time());
  view.basic = static_cast<sip::PresenceBasic>(status.basic());
  view.rich = ViewOf(status.rich());
  return view;
}

sip::PresenceTuple ViewOf(const v1::PresenceTuple& tuple) {
  sip::PresenceTuple view;
  view.id = tuple.id();
  view.basic = static_cast<sip::PresenceBasic>(tuple.basic());
  view.contact = tuple.contact();
  if (tuple.has_contact_priority()) view.contact_priority = tuple.contact_priority();
  view.notes = NotesOf(tuple.notes());
  view.timestamp = TimeOf(tuple.has_timestamp(), tuple.timestamp());
  view.device_ids = ViewsOf(tuple.device_ids());
  view.rich = ViewOf(tuple.rich());
  for (const v1::TimedStatus& status : tuple.timed_statuses()) {
    view.timed_statuses.push_back(ViewOf(status));
  }
  view.contact_card = ViewOf(tuple.contact_card());
  return view;
}

sip::PresencePerson ViewOf(const v1::PresencePerson& person) {
  sip::PresencePerson view;
  view.id = person.id();
  view.notes = NotesOf(person.notes());
  view.timestamp = TimeOf(person.has_timestamp(), person.timestamp());
  view.rich = ViewOf(person.rich());
  view.contact_card = ViewOf(person.contact_card());
  return view;
}

sip::PresenceDevice ViewOf(const v1::PresenceDevice& device) {
  sip::PresenceDevice view;
  view.id = device.id();
  view.device_id = device.device_id();
  view.notes = NotesOf(device.notes());
  view.timestamp = TimeOf(device.has_timestamp(), device.timestamp());
  view.rich = ViewOf(device.rich());
  return view;
}

}  // namespace

sip::Presence ViewOf(const v1::Presence& presence) {
  sip::Presence view;
  view.entity = presence.entity();
  for (const v1::PresenceTuple& tuple : presence.tuples()) view.tuples.push_back(ViewOf(tuple));
  for (const v1::PresencePerson& person : presence.persons()) {
    view.persons.push_back(ViewOf(person));
  }
  for (const v1::PresenceDevice& device : presence.devices()) {
    view.devices.push_back(ViewOf(device));
  }
  view.notes = NotesOf(presence.notes());
  return view;
}

}  // namespace sipevents::gateway
