#include "clients/cli/document_text.h"

#include <string>
#include <vector>

#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

// What people read of each event package; docs/packages.md has the same states as JSON.

namespace sipevents::client {
namespace {

v1::Event Parsed(const std::string& text) {
  v1::Event event;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &event)) << text;
  return event;
}

struct Case {
  std::string event;
  std::string text;
  Tone tone;
};

void Check(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    SCOPED_TRACE(c.event);
    const Summary summary = Summarize(Parsed(c.event));

    EXPECT_EQ(summary.text, c.text);
    EXPECT_EQ(summary.tone, c.tone);
  }
}

TEST(DocumentTextTest, Presence) {
  Check({
      {R"(presence { tuples { basic: CLOSED } tuples { basic: OPEN } })", "open", Tone::kGood},
      {R"(presence { tuples { basic: CLOSED } })", "closed", Tone::kMissing},
      {R"(presence {})", "unknown", Tone::kMissing},
      {R"(presence { tuples { basic: OPEN notes { text: "back at noon" } }
          persons { rich { activities { values: "on-the-phone" values: "away" } }
                    notes { text: "back at noon" } } })",
       "open, on-the-phone, away, \"back at noon\"", Tone::kBusy},
  });
}

TEST(DocumentTextTest, DialogInfo) {
  Check({
      {R"(dialog_info {})", "idle", Tone::kGood},
      {R"(dialog_info { dialogs { state: CONFIRMED direction: RECIPIENT
          remote { identity: "sip:bob@example.com" display_name: "Bob" } } })",
       "confirmed with Bob <sip:bob@example.com> (called)", Tone::kBusy},
      {R"(dialog_info { dialogs { state: EARLY direction: INITIATOR }
          dialogs { state: TERMINATED event: REMOTE_BYE remote { identity: "sip:c@d" } } })",
       "early (calling); terminated with sip:c@d, remote bye", Tone::kBusy},
      {R"(dialog_info { dialogs { state: TERMINATED event: TIMEOUT } })", "terminated, timeout",
       Tone::kGood},
  });
}

TEST(DocumentTextTest, MessageSummary) {
  Check({
      {R"(message_summary {})", "no messages waiting", Tone::kGood},
      {R"(message_summary { messages_waiting: true
          counts { class: VOICE_MESSAGE new_count: 2 old_count: 8 urgent_new_count: 1 }
          counts { class: FAX_MESSAGE old_count: 1 } })",
       "messages waiting: 2 new, 8 old, 1 urgent voice; 0 new, 1 old fax", Tone::kBusy},
  });
}

TEST(DocumentTextTest, WatcherInfo) {
  Check({
      {R"(watcher_info { lists { resource: "sip:mira@example.com" event_package: "presence"
          watchers { id: "w81" uri: "sip:ops@example.org" display_name: "Ops bot" status: PENDING
                     event: SUBSCRIBE expiration { seconds: 540 } } } })",
       "asking: Ops bot <sip:ops@example.org>", Tone::kBusy},
      {R"(watcher_info { lists {
          watchers { uri: "sip:a@x" status: ACTIVE } watchers { uri: "sip:b@x" status: TERMINATED
          event: TIMEOUT } watchers { uri: "sip:c@x" status: ACTIVE }
          watchers { uri: "sip:d@x" status: WAITING } } })",
       "asked before: sip:d@x; watching: sip:a@x, sip:c@x; gone: sip:b@x (timeout)", Tone::kBusy},
      {R"(watcher_info { lists { watchers { uri: "sip:a@x" status: ACTIVE } } })",
       "watching: sip:a@x", Tone::kGood},
      {R"(watcher_info { lists { resource: "sip:a@x" event_package: "presence" }
          lists { resource: "sip:b@x" event_package: "dialog"
                  watchers { uri: "sip:c@x" status: ACTIVE } } })",
       "sip:a@x presence: nobody watches | sip:b@x dialog: watching: sip:c@x", Tone::kGood},
      {R"(watcher_info {})", "nobody watches", Tone::kMissing},
  });
}

TEST(DocumentTextTest, Registration) {
  Check({
      {R"(registration { registrations { aor: "sip:mira@example.com" state: ACTIVE
          contacts { uri: "sip:mira@192.0.2.7" state: ACTIVE event: SHORTENED
                     expires { seconds: 45 } } } })",
       "sip:mira@192.0.2.7 shortened, for 45s", Tone::kGood},
      {R"(registration { registrations { aor: "sip:mira@example.com" state: ACTIVE
          contacts { uri: "sip:mira@192.0.2.7" state: ACTIVE event: REGISTERED display_name: "Desk" }
          contacts { uri: "sip:mira@192.0.2.9" state: TERMINATED event: PROBATION
                     retry_after { seconds: 60 } } } })",
       "Desk <sip:mira@192.0.2.7> registered; sip:mira@192.0.2.9 gone, probation, again in 1m",
       Tone::kGood},
      {R"(registration { registrations { aor: "sip:a@x" contacts { uri: "sip:a@192.0.2.7"
          state: TERMINATED event: UNREGISTERED } } registrations { aor: "sip:b@x" state: INIT } })",
       "sip:a@x: sip:a@192.0.2.7 gone, unregistered | sip:b@x: not registered", Tone::kMissing},
      {R"(registration { registrations { aor: "sip:a@x" contacts { uri: "sip:a@192.0.2.7"
          state: TERMINATED } } })",
       "sip:a@192.0.2.7 gone", Tone::kMissing},
      {R"(registration {})", "not registered", Tone::kMissing},
  });
}

TEST(DocumentTextTest, Conference) {
  Check({
      {R"(conference { entity: "sip:room7@example.com" description { subject: "Stand-up" }
          state { user_count: 1 active: true } users { entity: "sip:mira@example.com"
          display_text: "Mira" roles: "chair" endpoints { status: CONNECTED
          media { type: "audio" status: SENDRECV } } } })",
       "1 in: Mira (chair); \"Stand-up\"", Tone::kBusy},
      {R"(conference { state { user_count: 9 locked: true }
          users { display_text: "Ann" endpoints { status: MUTED_VIA_FOCUS } }
          users { entity: "sip:b@x" endpoints { status: DISCONNECTED }
                  endpoints { status: ON_HOLD } }
          users { display_text: "Cy" endpoints { status: CONNECTED
                  media { type: "audio" status: RECVONLY } } }
          users { display_text: "Dan" endpoints { status: DISCONNECTED
                  disconnection_method: BOOTED } }
          users { display_text: "Eve" endpoints { status: ALERTING } } })",
       "9 in: Ann (muted), sip:b@x (on hold), Cy (only listens); coming: Eve (rings); "
       "left: Dan (booted); locked",
       Tone::kBusy},
      {R"(conference { state { user_count: 3 } })", "3 in", Tone::kBusy},
      {R"(conference {})", "nobody in", Tone::kGood},
      {R"(conference { ended: true })", "over", Tone::kMissing},
  });
}

TEST(DocumentTextTest, ReferProgress) {
  Check({
      {R"(refer { sip_status: 180 reason_phrase: "Ringing" refer_cseq: 42 })", "180 Ringing",
       Tone::kBusy},
      {R"(refer { sip_status: 200 reason_phrase: "OK" })", "200 OK, done", Tone::kGood},
      {R"(refer { sip_status: 603 })", "603, failed", Tone::kBad},
  });
}

TEST(DocumentTextTest, Profile) {
  Check({
      {R"(profile { effective_by { seconds: 3600 } reference {
          url: "https://cfg.example.com/p/42" expire_time { seconds: 1772442000 }
          content_type: "application/x-acme-profile+xml" } })",
       "profile at https://cfg.example.com/p/42, application/x-acme-profile+xml, until 2026-03-02 "
       "09:00 UTC, to be applied within 1h",
       Tone::kPlain},
      {R"(profile { effective_by {} })", "a profile in the body, to be applied at once",
       Tone::kPlain},
      {R"(profile {})", "a profile in the body", Tone::kPlain},
  });
}

TEST(DocumentTextTest, XcapDiff) {
  Check({
      {R"(xcap_diff { xcap_root: "https://xcap.example.com/"
          documents { sel: "resource-lists/users/sip:mira@example.com/index" new_etag: "a2"
                      change: CHANGED just_told: true }
          documents { sel: "pres-rules/users/sip:mira@example.com/index" change: CREATED } })",
       "changed: resource-lists/users/sip:mira@example.com/index", Tone::kPlain},
      {R"(xcap_diff { documents { sel: "a" change: REMOVED just_told: true }
          documents { sel: "b" change: CREATED just_told: true }
          elements { sel: "c/~~/list" exists: true just_told: true }
          attributes { sel: "c/~~/list/@name" just_told: true } })",
       "there: b; removed: a; now: c/~~/list; no longer: c/~~/list/@name", Tone::kPlain},
      {R"(xcap_diff { documents { sel: "a" change: CREATED } })", "nothing new of 1 followed",
       Tone::kPlain},
      {R"(xcap_diff {})", "nothing there", Tone::kMissing},
  });
}

TEST(DocumentTextTest, KeyPress) {
  Check({
      {R"(key_press { code: 200 text: "OK" digits: "*72" tag: "fwd" version: "1.0" })",
       "*72 pressed (fwd)", Tone::kGood},
      {R"(key_press { code: 423 text: "Timer Expired" digits: "1" suppressed: true
          forced_flush: true })",
       "1 pressed, 423 Timer Expired, not heard by the other side, earlier keys are lost",
       Tone::kMissing},
      {R"(key_press { code: 501 text: "Bad Document" })", "501 Bad Document", Tone::kBad},
      {R"(key_press { code: 200 })", "nothing pressed", Tone::kGood},
  });
}

TEST(DocumentTextTest, CallCompletion) {
  Check({
      {R"(call_completion { state: READY service_retention: true
          uri: "sip:cc-9931@example.com" })",
       "ready: call sip:cc-9931@example.com now, the place in the queue is kept", Tone::kGood},
      {R"(call_completion { state: READY })", "ready: call again now", Tone::kGood},
      {R"(call_completion { state: QUEUED })", "queued", Tone::kBusy},
      {R"(call_completion {})", "unknown state", Tone::kMissing},
  });
}

TEST(DocumentTextTest, VoiceQuality) {
  Check({
      {R"(voice_quality { kind: SESSION call_term: true local_id: "sip:201@example.com"
          remote_id: "sip:100@example.com" local_metrics {
            packet_loss { network_loss_percent: 0.4 jitter_discard_percent: 0.1 }
            quality_estimates { listening_mos: 4.2 conversational_mos: 4.1 } } })",
       "call over, sip:201@example.com with sip:100@example.com: MOS 4.1, loss 0.4 %, too late 0.1 "
       "%",
       Tone::kGood},
      {R"(voice_quality { kind: SESSION local_metrics { quality_estimates { listening_mos: 4 } }
          remote_metrics { quality_estimates { listening_mos: 2.1 }
                           delay { round_trip_ms: 640 interarrival_jitter_ms: 7 } } })",
       "call so far: MOS 4.0; at the other side MOS 2.1, round trip 640 ms, jitter 7 ms",
       Tone::kBad},
      {R"(voice_quality { kind: ALERT alert { type: "NLR" severity: WARNING direction: REMOTE } })",
       "alert: NLR warning at the other side", Tone::kBusy},
      {R"(voice_quality { kind: INTERVAL })", "interval", Tone::kPlain},
  });
}

TEST(DocumentTextTest, PhoneFeatures) {
  Check({
      {R"(phone_features { forward_no_answer { active: true target: "5550100" ring_count: 4 } })",
       "forwards to 5550100 after 4 rings", Tone::kBusy},
      {R"(phone_features { do_not_disturb: true forward_immediate { active: true target: "1" }
          forward_busy { active: true } forward_no_answer { active: true target: "3" } })",
       "do not disturb; forwards to 1; forwards to nowhere if busy; forwards to 3 if nobody "
       "answers",
       Tone::kBusy},
      {R"(phone_features { do_not_disturb: false forward_busy { target: "5550100" } })",
       "nothing switched on", Tone::kGood},
      {R"(phone_features {})", "nothing told yet", Tone::kMissing},
  });
}

TEST(DocumentTextTest, CallAppearances) {
  Check({
      {R"(call_appearances { appearances { index: 1 state: ACTIVE uri: "sip:ann@example.org"
          display_name: "Ann" } others: IDLE })",
       "1 active with Ann <sip:ann@example.org>, others idle", Tone::kBusy},
      {R"(call_appearances { appearances { index: 1 state: HELD_PRIVATE }
          appearances { index: 2 } appearances { index: 3 state: IDLE } })",
       "1 held private, 2 in an unknown state", Tone::kBusy},
      {R"(call_appearances { others: SEIZED })", "all seized", Tone::kBusy},
      {R"(call_appearances { appearances { index: 1 state: IDLE } others: IDLE })", "idle",
       Tone::kGood},
      {R"(call_appearances {})", "nothing told yet", Tone::kMissing},
  });
}

TEST(DocumentTextTest, LineSeize) {
  Check({
      {R"(line_seize { appearance_index: 2 })", "appearance 2 is ours", Tone::kGood},
      {R"(line_seize {})", "no appearance is ours", Tone::kMissing},
  });
}

TEST(DocumentTextTest, WithoutADocumentTheBodyIsShown) {
  Check({
      {R"(body { content_type: "text/plain" data: "hello\nworld" })",
       "text/plain, 11 octets: hello world", Tone::kPlain},
      {"", "no state yet", Tone::kMissing},
  });
}

TEST(DocumentTextTest, DecodeErrorComesBeforeWhatWasLastKnown) {
  Check({
      {R"(decode_error: "not XML" presence { tuples { basic: OPEN } })",
       "cannot decode: not XML; last known: open", Tone::kBad},
  });
}

TEST(DocumentTextTest, DocumentsWithThousandsOfPartsStayShort) {
  v1::Event event;
  for (int i = 0; i < 5000; ++i) {
    const std::string uri = "sip:" + std::to_string(i) + "@example.com";
    auto* call = event.mutable_dialog_info()->add_dialogs();
    call->set_state(v1::CONFIRMED);
    call->mutable_remote()->set_identity(uri);
  }
  EXPECT_LT(Summarize(event).text.size(), 1000);
  EXPECT_NE(Summarize(event).text.find("5000 in all"), std::string::npos) << Summarize(event).text;

  v1::WatcherList& list = *event.mutable_watcher_info()->add_lists();
  for (int i = 0; i < 5000; ++i) {
    v1::Watcher& watcher = *list.add_watchers();
    watcher.set_uri("sip:" + std::to_string(i) + "@example.com");
    watcher.set_status(v1::Watcher::ACTIVE);
  }
  EXPECT_LT(Summarize(event).text.size(), 1000);
  EXPECT_NE(Summarize(event).text.find("5000 in all"), std::string::npos) << Summarize(event).text;
}

// Each text of a peer's, wherever it stands in a document.
TEST(DocumentTextTest, ForeignTextIsHarmlessWhereverItStands) {
  const std::string evil = R"("\033[2J\n\302\233")";
  for (const std::string& document : {
           "presence { notes { text: " + evil + " } }",
           "dialog_info { dialogs { remote { display_name: " + evil + " } } }",
           "watcher_info { lists { watchers { uri: " + evil + " } } }",
           "registration { registrations { contacts { uri: " + evil + " state: ACTIVE } } }",
           "conference { description { subject: " + evil + " } users { display_text: " + evil +
               " roles: " + evil + " } }",
           "refer { sip_status: 200 reason_phrase: " + evil + " }",
           "profile { reference { url: " + evil + " content_type: " + evil + " } }",
           "xcap_diff { documents { sel: " + evil + " just_told: true } elements { sel: " + evil +
               " just_told: true } }",
           "key_press { digits: " + evil + " tag: " + evil + " text: " + evil + " }",
           "call_completion { state: READY uri: " + evil + " }",
           "voice_quality { kind: ALERT alert { type: " + evil + " } local_id: " + evil +
               " remote_id: " + evil + " }",
           "phone_features { forward_busy { active: true target: " + evil + " } }",
           "call_appearances { appearances { state: HELD display_name: " + evil + " uri: " + evil +
               " } }",
           "decode_error: " + evil,
           "body { content_type: " + evil + " data: " + evil + " }",
       }) {
    const std::string text = Summarize(Parsed(document)).text;

    EXPECT_NE(text.find("?[2J"), std::string::npos) << document << ": " << text;
    EXPECT_EQ(text.find_first_of("\x1b\n"), std::string::npos) << document;
    EXPECT_EQ(text.find("\xC2\x9B"), std::string::npos) << document;
  }
}

}  // namespace
}  // namespace sipevents::client
