#ifndef CLIENTS_CLI_PACKAGES_SUMMARIES_H_
#define CLIENTS_CLI_PACKAGES_SUMMARIES_H_

#include <set>
#include <string>

#include "clients/cli/summary.h"
#include "sipevents/v1/event.pb.h"

// What the documents of the event packages mean, in a few words for people; docs/packages.md says
// what they hold. However much one holds, its summary is a line. All functions: any thread.

namespace sipevents::client {

// `open, on-the-phone, "back at noon"`.
Summary Summarize(const v1::Presence& presence);
// `confirmed with Bob <sip:bob@example.com> (called)`; `idle`.
Summary Summarize(const v1::DialogInfo& calls);
// `messages waiting: 2 new, 8 old voice`.
Summary Summarize(const v1::MessageSummary& messages);
// `asking: Ops bot <sip:ops@example.org>; watching: sip:bob@example.com`.
Summary Summarize(const v1::WatcherInfo& watchers);
// `sip:mira@192.0.2.7 shortened, for 45s; sip:mira@192.0.2.9 gone, expired`.
Summary Summarize(const v1::RegistrationInfo& registrations);
// `3 in: Mira (chair), Bob (muted), Cy; left: Dan (booted); "Stand-up"`.
Summary Summarize(const v1::Conference& conference);
// The names of those who are in, as that shows them.
std::set<std::string> WhoIsIn(const v1::Conference& conference);
// `180 Ringing`; `603 Decline, failed`.
Summary Summarize(const v1::ReferProgress& progress);
// `profile at https://cfg.example.com/p/42, to be applied within 1h`.
Summary Summarize(const v1::Profile& profile);
// `changed: resource-lists/users/sip:mira@example.com/index`.
Summary Summarize(const v1::XcapDiff& documents);
// `*72 pressed (fwd)`.
Summary Summarize(const v1::KeyPress& keys);
// `ready: call sip:cc-9931@example.com now`; `queued`.
Summary Summarize(const v1::CallCompletion& completion);
// `call over, sip:201@example.com with sip:100@example.com: MOS 4.1, loss 0.4 %`.
Summary Summarize(const v1::VoiceQualityReport& report);
// `do not disturb; forwards to 5550100 after 4 rings`.
Summary Summarize(const v1::PhoneFeatures& features);
// `1 active with Ann <sip:ann@example.org>, others idle`.
Summary Summarize(const v1::CallAppearances& line);
// `appearance 2 is ours`.
Summary Summarize(const v1::LineSeize& grant);

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_PACKAGES_SUMMARIES_H_
