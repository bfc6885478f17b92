#include "gateway/registry/document_encoder.h"

#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>
#include <vector>

#include "sipevents/v1/event.pb.h"

// Everything here is written from the last field to the first: see ReverseWireWriter.

namespace sipevents::gateway {
namespace {

// The structs of sip/ number their enumerators as the contract does.
static_assert(static_cast<int>(sip::PresenceBasic::kClosed) == v1::CLOSED);
static_assert(static_cast<int>(sip::CallDirection::kRecipient) == v1::RECIPIENT);
static_assert(static_cast<int>(sip::CallState::kTerminated) == v1::TERMINATED);
static_assert(static_cast<int>(sip::CallEvent::kTimeout) == v1::TIMEOUT);
static_assert(static_cast<int>(sip::MessageClass::kNone) == v1::NONE);
static_assert(sip::kActivities + 1 == v1::RichPresence::kActivitiesFieldNumber);
static_assert(sip::kStatusIcon + 1 == v1::RichPresence::kStatusIconFieldNumber);

template <typename Enum>
void WriteEnum(int field, Enum value, ReverseWireWriter& writer) {
  writer.Unsigned(field, static_cast<uint64_t>(value));
}

void WriteTime(int field, const std::optional<absl::Time>& time, ReverseWireWriter& writer) {
  if (time.has_value()) writer.Timestamp(field, *time);
}

// The members of a repeated field, last one first.
template <typename Members, typename WriteMember>
void WriteEach(const Members& members, const WriteMember& write_member) {
  for (auto member = std::rbegin(members); member != std::rend(members); ++member) {
    write_member(*member);
  }
}

void WriteTexts(int field, const std::vector<std::string_view>& texts, ReverseWireWriter& writer) {
  WriteEach(texts, [&](std::string_view text) { writer.TextAlways(field, text); });
}

void WriteNotes(int field, const std::vector<sip::PresenceNote>& notes, ReverseWireWriter& writer) {
  using Note = v1::PresenceNote;
  WriteEach(notes, [&](const sip::PresenceNote& note) {
    writer.Message(field, [&] {
      writer.Text(Note::kLanguageFieldNumber, note.language);
      writer.Text(Note::kTextFieldNumber, note.text);
    });
  });
}

void WriteRichElement(int field, const sip::RichElement& element, ReverseWireWriter& writer) {
  using Element = v1::RichElement;
  writer.Message(field, [&] {
    WriteNotes(Element::kNotesFieldNumber, element.notes, writer);
    WriteTime(Element::kUntilTimeFieldNumber, element.until_time, writer);
    WriteTime(Element::kFromTimeFieldNumber, element.from_time, writer);
    writer.Text(Element::kOtherFieldNumber, element.other);
    WriteTexts(Element::kValuesFieldNumber, element.values, writer);
  });
}

void WriteUserInput(int field, const sip::UserInput& input, ReverseWireWriter& writer) {
  using Input = v1::UserInput;
  writer.Message(field, [&] {
    WriteTime(Input::kLastInputTimeFieldNumber, input.last_input_time, writer);
    if (input.idle_threshold.has_value()) {
      writer.Duration(Input::kIdleThresholdFieldNumber, *input.idle_threshold);
    }
    if (input.state_given) {
      WriteEnum(Input::kStateFieldNumber, input.idle ? Input::IDLE : Input::ACTIVE, writer);
    }
  });
}

void WriteRich(int field, const sip::RichPresence& rich, ReverseWireWriter& writer) {
  using Rich = v1::RichPresence;
  if (rich.empty()) return;
  writer.Message(field, [&] {
    if (rich.user_input.has_value()) {
      WriteUserInput(Rich::kUserInputFieldNumber, *rich.user_input, writer);
    }
    if (rich.time_offset.has_value()) {
      writer.Message(Rich::kTimeOffsetFieldNumber, [&] {
        writer.Text(v1::TimeOffset::kDescriptionFieldNumber, rich.time_offset->description);
        writer.Signed(v1::TimeOffset::kMinutesFieldNumber, rich.time_offset->minutes);
      });
    }
    WriteEach(rich.elements, [&](const auto& element) {
      WriteRichElement(element.first + 1, element.second, writer);
    });
  });
}

void WriteContactCard(int field, const sip::ContactCard& card, ReverseWireWriter& writer) {
  using Card = v1::ContactCard;
  if (card.empty()) return;
  writer.Message(field, [&] {
    writer.Text(Card::kSoundFieldNumber, card.sound);
    writer.Text(Card::kMapFieldNumber, card.map);
    writer.Text(Card::kIconFieldNumber, card.icon);
    writer.Text(Card::kHomepageFieldNumber, card.homepage);
    writer.Text(Card::kDisplayNameFieldNumber, card.display_name);
    writer.Text(Card::kCardFieldNumber, card.card);
  });
}

void WriteTimedStatus(int field, const sip::TimedStatus& status, ReverseWireWriter& writer) {
  using Status = v1::TimedStatus;
  writer.Message(field, [&] {
    WriteRich(Status::kRichFieldNumber, status.rich, writer);
    WriteEnum(Status::kBasicFieldNumber, status.basic, writer);
    WriteTime(Status::kUntilTimeFieldNumber, status.until_time, writer);
    WriteTime(Status::kFromTimeFieldNumber, status.from_time, writer);
  });
}

void WriteTuple(int field, const sip::PresenceTuple& tuple, ReverseWireWriter& writer) {
  using Tuple = v1::PresenceTuple;
  writer.Message(field, [&] {
    WriteContactCard(Tuple::kContactCardFieldNumber, tuple.contact_card, writer);
    WriteEach(tuple.timed_statuses, [&](const sip::TimedStatus& status) {
      WriteTimedStatus(Tuple::kTimedStatusesFieldNumber, status, writer);
    });
    WriteRich(Tuple::kRichFieldNumber, tuple.rich, writer);
    WriteTexts(Tuple::kDeviceIdsFieldNumber, tuple.device_ids, writer);
    WriteTime(Tuple::kTimestampFieldNumber, tuple.timestamp, writer);
    WriteNotes(Tuple::kNotesFieldNumber, tuple.notes, writer);
    if (tuple.contact_priority.has_value()) {
      writer.DoubleAlways(Tuple::kContactPriorityFieldNumber, *tuple.contact_priority);
    }
    writer.Text(Tuple::kContactFieldNumber, tuple.contact);
    WriteEnum(Tuple::kBasicFieldNumber, tuple.basic, writer);
    writer.Text(Tuple::kIdFieldNumber, tuple.id);
  });
}

void WritePerson(int field, const sip::PresencePerson& person, ReverseWireWriter& writer) {
  using Person = v1::PresencePerson;
  writer.Message(field, [&] {
    WriteContactCard(Person::kContactCardFieldNumber, person.contact_card, writer);
    WriteRich(Person::kRichFieldNumber, person.rich, writer);
    WriteTime(Person::kTimestampFieldNumber, person.timestamp, writer);
    WriteNotes(Person::kNotesFieldNumber, person.notes, writer);
    writer.Text(Person::kIdFieldNumber, person.id);
  });
}

void WriteDevice(int field, const sip::PresenceDevice& device, ReverseWireWriter& writer) {
  using Device = v1::PresenceDevice;
  writer.Message(field, [&] {
    WriteRich(Device::kRichFieldNumber, device.rich, writer);
    WriteTime(Device::kTimestampFieldNumber, device.timestamp, writer);
    WriteNotes(Device::kNotesFieldNumber, device.notes, writer);
    writer.Text(Device::kDeviceIdFieldNumber, device.device_id);
    writer.Text(Device::kIdFieldNumber, device.id);
  });
}

void Write(const sip::Presence& presence, ReverseWireWriter& writer) {
  using Presence = v1::Presence;
  writer.Message(v1::Event::kPresenceFieldNumber, [&] {
    WriteNotes(Presence::kNotesFieldNumber, presence.notes, writer);
    WriteEach(presence.devices, [&](const sip::PresenceDevice& device) {
      WriteDevice(Presence::kDevicesFieldNumber, device, writer);
    });
    WriteEach(presence.persons, [&](const sip::PresencePerson& person) {
      WritePerson(Presence::kPersonsFieldNumber, person, writer);
    });
    WriteEach(presence.tuples, [&](const sip::PresenceTuple& tuple) {
      WriteTuple(Presence::kTuplesFieldNumber, tuple, writer);
    });
    writer.Text(Presence::kEntityFieldNumber, presence.entity);
  });
}

void WriteParty(int field, const sip::CallParty& party, ReverseWireWriter& writer) {
  using Party = v1::CallParty;
  constexpr int kMapKey = 1;
  constexpr int kMapValue = 2;
  const size_t before = writer.size();
  writer.Message(field, [&] {
    if (party.cseq.has_value()) writer.UnsignedAlways(Party::kCseqFieldNumber, *party.cseq);
    writer.Bytes(Party::kSessionDescriptionFieldNumber, party.session_description);
    writer.Text(Party::kSessionDescriptionTypeFieldNumber, party.session_description_type);
    WriteEach(party.target_parameters, [&](const auto& parameter) {
      writer.Message(Party::kTargetParametersFieldNumber, [&] {
        writer.TextAlways(kMapValue, parameter.second);
        writer.TextAlways(kMapKey, parameter.first);
      });
    });
    writer.Text(Party::kTargetFieldNumber, party.target);
    writer.Text(Party::kDisplayNameFieldNumber, party.display_name);
    writer.Text(Party::kIdentityFieldNumber, party.identity);
  });
  // A side of which the document tells nothing is absent: only tag and length were written.
  constexpr size_t kEmptyMessage = 2;
  if (writer.size() - before == kEmptyMessage) writer.TakeBack(kEmptyMessage);
}

void WriteReference(int field, const sip::CallReference& reference, ReverseWireWriter& writer) {
  using Reference = v1::CallReference;
  writer.Message(field, [&] {
    writer.Text(Reference::kRemoteTagFieldNumber, reference.remote_tag);
    writer.Text(Reference::kLocalTagFieldNumber, reference.local_tag);
    writer.Text(Reference::kCallIdFieldNumber, reference.call_id);
  });
}

void WriteCall(int field, const sip::Call& call, ReverseWireWriter& writer) {
  using Dialog = v1::DialogInfoDialog;
  writer.Message(field, [&] {
    WriteParty(Dialog::kRemoteFieldNumber, call.remote, writer);
    WriteParty(Dialog::kLocalFieldNumber, call.local, writer);
    WriteTexts(Dialog::kRouteSetFieldNumber, call.route_set, writer);
    writer.Text(Dialog::kReferredByDisplayNameFieldNumber, call.referred_by_display_name);
    writer.Text(Dialog::kReferredByFieldNumber, call.referred_by);
    if (call.replaces.has_value()) {
      WriteReference(Dialog::kReplacesFieldNumber, *call.replaces, writer);
    }
    if (call.duration.has_value()) writer.Duration(Dialog::kDurationFieldNumber, *call.duration);
    writer.Signed(Dialog::kCodeFieldNumber, call.code);
    WriteEnum(Dialog::kEventFieldNumber, call.event, writer);
    WriteEnum(Dialog::kStateFieldNumber, call.state, writer);
    WriteEnum(Dialog::kDirectionFieldNumber, call.direction, writer);
    writer.Text(Dialog::kRemoteTagFieldNumber, call.remote_tag);
    writer.Text(Dialog::kLocalTagFieldNumber, call.local_tag);
    writer.Text(Dialog::kCallIdFieldNumber, call.call_id);
    writer.Text(Dialog::kIdFieldNumber, call.id);
  });
}

void Write(const sip::DialogInfo& info, ReverseWireWriter& writer) {
  using Info = v1::DialogInfo;
  writer.Message(v1::Event::kDialogInfoFieldNumber, [&] {
    WriteEach(info.calls,
              [&](const sip::Call& call) { WriteCall(Info::kDialogsFieldNumber, call, writer); });
    writer.Unsigned(Info::kVersionFieldNumber, info.version);
    writer.Text(Info::kEntityFieldNumber, info.entity);
  });
}

void WriteCount(int field, const sip::MessageCount& count, ReverseWireWriter& writer) {
  using Count = v1::MessageCount;
  writer.Message(field, [&] {
    writer.Unsigned(Count::kUrgentOldCountFieldNumber, count.urgent_old_count);
    writer.Unsigned(Count::kUrgentNewCountFieldNumber, count.urgent_new_count);
    writer.Unsigned(Count::kOldCountFieldNumber, count.old_count);
    writer.Unsigned(Count::kNewCountFieldNumber, count.new_count);
    WriteEnum(Count::kClassFieldNumber, count.message_class, writer);
  });
}

void WriteHeaders(int field, const sip::TextPairs& headers, ReverseWireWriter& writer) {
  using Header = v1::MessageHeaders::Header;
  writer.Message(field, [&] {
    WriteEach(headers, [&](const auto& header) {
      writer.Message(v1::MessageHeaders::kHeadersFieldNumber, [&] {
        writer.Text(Header::kValueFieldNumber, header.second);
        writer.Text(Header::kNameFieldNumber, header.first);
      });
    });
  });
}

void Write(const sip::MessageSummary& summary, ReverseWireWriter& writer) {
  using Summary = v1::MessageSummary;
  writer.Message(v1::Event::kMessageSummaryFieldNumber, [&] {
    WriteEach(summary.new_messages, [&](const sip::TextPairs& headers) {
      WriteHeaders(Summary::kNewMessagesFieldNumber, headers, writer);
    });
    WriteEach(summary.counts, [&](const sip::MessageCount& count) {
      WriteCount(Summary::kCountsFieldNumber, count, writer);
    });
    writer.Text(Summary::kAccountFieldNumber, summary.account);
    writer.Bool(Summary::kMessagesWaitingFieldNumber, summary.messages_waiting);
  });
}

void Write(const sip::EncodedDocument& document, ReverseWireWriter& writer) {
  writer.Message(document.number, [&] { writer.Encoded(document.fields); });
}

void Write(const std::monostate& /*no typed form*/, ReverseWireWriter& /*writer*/) {}

}  // namespace

void WriteDocument(const sip::Document& document, ReverseWireWriter& writer) {
  std::visit([&](const auto& state) { Write(state, writer); }, document);
}

}  // namespace sipevents::gateway
