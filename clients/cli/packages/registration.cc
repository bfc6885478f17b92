#include "absl/strings/str_cat.h"
#include "clients/cli/packages/parts.h"
#include "clients/cli/packages/summaries.h"
#include "clients/cli/printable.h"
#include "clients/cli/times.h"

namespace sipevents::client {
namespace {

bool IsThere(const v1::RegisteredContact& contact) {
  return contact.state() == v1::RegisteredContact::ACTIVE;
}

std::string ContactText(const v1::RegisteredContact& contact) {
  std::string text = NameText(contact.display_name(), contact.uri());
  if (contact.state() == v1::RegisteredContact::TERMINATED) absl::StrAppend(&text, " gone,");
  if (contact.event() != v1::RegisteredContact::EVENT_UNSPECIFIED) {
    absl::StrAppend(&text, " ", Words(v1::RegisteredContact::Event_Name(contact.event())));
  }
  if (IsThere(contact) && contact.has_expires()) {
    absl::StrAppend(&text, ", for ", SpanText(ToDuration(contact.expires())));
  }
  if (contact.has_retry_after()) {
    absl::StrAppend(&text, ", again in ", SpanText(ToDuration(contact.retry_after())));
  }
  return text.back() == ',' ? text.substr(0, text.size() - 1) : text;
}

std::string RegistrationText(const v1::Registration& registration) {
  Parts contacts;
  for (const v1::RegisteredContact& contact : registration.contacts()) {
    contacts.Add(ContactText(contact));
  }
  return contacts.empty() ? "not registered" : contacts.Join("; ");
}

}  // namespace

Summary Summarize(const v1::RegistrationInfo& registrations) {
  Parts texts;
  bool there = false;
  for (const v1::Registration& registration : registrations.registrations()) {
    for (const v1::RegisteredContact& contact : registration.contacts()) {
      there = there || IsThere(contact);
    }
    const std::string text = RegistrationText(registration);
    // Who watches one address knows which.
    texts.Add(registrations.registrations_size() == 1
                  ? text
                  : absl::StrCat(Printable(registration.aor()), ": ", text));
  }
  if (texts.empty()) return {"not registered", Tone::kMissing};
  return {texts.Join(" | "), there ? Tone::kGood : Tone::kMissing};
}

}  // namespace sipevents::client
