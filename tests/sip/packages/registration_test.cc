#include "sip/packages/registration.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/base/ascii.h"
#include "sip/packages/package_table.h"
#include "sipevents/v1/packages/registration.pb.h"
#include "tests/sip/packages/merging.h"
#include "tests/sip/packages/table_rules.h"
#include "tests/sip/packages/typed.h"

namespace sipevents::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = MergeResult::Kind;

constexpr char kType[] = "application/reginfo+xml";

std::string Reginfo(int version, std::string_view state, std::string_view registrations) {
  return absl::StrCat(R"(<?xml version="1.0"?>
      <reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version=")",
                      version, "\" state=\"", AbslView(state), "\">", AbslView(registrations),
                      "</reginfo>");
}

// A document with alice's registration.
std::string Document(int version, std::string_view state, std::string_view contacts,
                     std::string_view registered = "active") {
  return Reginfo(version, state,
                 absl::StrCat(R"(<registration aor="sip:alice@example.com" id="r1" state=")",
                              AbslView(registered), "\">", AbslView(contacts), "</registration>"));
}

constexpr char kDesk[] = R"(<contact id="c1" state="active" event="registered">
    <uri>sip:alice@192.0.2.7</uri></contact>)";
constexpr char kDeskGone[] = R"(<contact id="c1" state="terminated" event="expired">
    <uri>sip:alice@192.0.2.7</uri></contact>)";
constexpr char kMobile[] = R"(<contact id="c2" state="active" event="created">
    <uri>sip:alice@192.0.2.8</uri></contact>)";

std::vector<std::string> Contacts(const MergeResult& result) {
  std::vector<std::string> contacts;
  const auto info = StateOf<v1::RegistrationInfo>(result);
  for (const auto& registration : info.registrations()) {
    for (const auto& contact : registration.contacts()) {
      contacts.push_back(
          absl::StrCat(contact.uri(), " ", v1::RegisteredContact::Event_Name(contact.event())));
    }
  }
  return contacts;
}

TEST(RegistrationTest, AllOfAContactIsTold) {
  Merging merging(FindPackage("reg"), kType);

  const MergeResult result = merging.Feed(Document(0, "full", R"(
      <contact id="c81" state="active" event="shortened" expires="45" retry-after="7"
               duration-registered="7322" q="0.8" callid="k@ua" cseq="91">
        <uri> sip:alice@192.0.2.7;transport=tcp </uri>
        <display-name xml:lang="en">Desk &amp; door</display-name>
        <unknown-param name="+sip.instance">"&lt;urn:uuid:5d0e&gt;"</unknown-param>
        <unknown-param name="audio"/>
        <x:other xmlns:x="urn:x">ignored</x:other>
      </contact>)"));

  const auto info = StateOf<v1::RegistrationInfo>(result);
  ASSERT_EQ(info.registrations_size(), 1);
  const v1::Registration& registration = info.registrations(0);
  EXPECT_EQ(registration.aor(), "sip:alice@example.com");
  EXPECT_EQ(registration.id(), "r1");
  EXPECT_EQ(registration.state(), v1::Registration::ACTIVE);
  ASSERT_EQ(registration.contacts_size(), 1);
  const v1::RegisteredContact& contact = registration.contacts(0);
  EXPECT_EQ(contact.id(), "c81");
  EXPECT_EQ(contact.uri(), "sip:alice@192.0.2.7;transport=tcp");
  EXPECT_EQ(contact.state(), v1::RegisteredContact::ACTIVE);
  EXPECT_EQ(contact.event(), v1::RegisteredContact::SHORTENED);
  EXPECT_EQ(contact.display_name(), "Desk & door");
  EXPECT_EQ(contact.expires().seconds(), 45);
  EXPECT_EQ(contact.retry_after().seconds(), 7);
  EXPECT_EQ(contact.duration_registered().seconds(), 7322);
  EXPECT_DOUBLE_EQ(contact.q(), 0.8);
  EXPECT_EQ(contact.call_id(), "k@ua");
  EXPECT_EQ(contact.cseq(), 91U);
  ASSERT_EQ(contact.unknown_parameters_size(), 2);
  EXPECT_EQ(contact.unknown_parameters(0).name(), "+sip.instance");
  EXPECT_EQ(contact.unknown_parameters(0).value(), "\"<urn:uuid:5d0e>\"");
  EXPECT_EQ(contact.unknown_parameters(1).name(), "audio");
  EXPECT_EQ(contact.unknown_parameters(1).value(), "");
}

TEST(RegistrationTest, WhatIsNotToldIsAbsent) {
  Merging merging(FindPackage("reg"), kType);

  const auto info = StateOf<v1::RegistrationInfo>(merging.Feed(Document(0, "full", kDesk)));

  ASSERT_EQ(info.registrations_size(), 1);
  ASSERT_EQ(info.registrations(0).contacts_size(), 1);
  const v1::RegisteredContact& contact = info.registrations(0).contacts(0);
  EXPECT_FALSE(contact.has_expires());
  EXPECT_FALSE(contact.has_q());
  EXPECT_FALSE(contact.has_cseq());
  EXPECT_EQ(contact.pub_gruu(), "");
}

TEST(RegistrationTest, EveryStateAndEventHasItsName) {
  Merging merging(FindPackage("reg"), kType);
  int version = 0;
  for (const std::string_view event : {"registered", "created", "refreshed", "shortened", "expired",
                                       "deactivated", "probation", "unregistered", "rejected"}) {
    const std::string contact = absl::StrCat(R"(<contact id="c" state="active" event=")",
                                             AbslView(event), R"("><uri>u</uri></contact>)");
    EXPECT_THAT(Contacts(merging.Feed(Document(version++, "full", contact))),
                ElementsAre("u " + absl::AsciiStrToUpper(AbslView(event))));
  }
  for (const auto& [word, state] :
       std::vector<std::pair<std::string_view, v1::Registration::State>>{
           {"init", v1::Registration::INIT},
           {"active", v1::Registration::ACTIVE},
           {"terminated", v1::Registration::TERMINATED},
           {"dozing", v1::Registration::STATE_UNSPECIFIED}}) {
    const auto info = StateOf<v1::RegistrationInfo>(
        merging.Feed(Document(version++, "full", "<contact id='c' event='yawn'/>", word)));
    ASSERT_EQ(info.registrations_size(), 1);
    EXPECT_EQ(info.registrations(0).state(), state) << word;
    EXPECT_EQ(info.registrations(0).contacts(0).event(), v1::RegisteredContact::EVENT_UNSPECIFIED);
  }
}

// ALG-A, step 2; what ended is shown once.
TEST(RegistrationTest, PartialDocumentsAreMergedIn) {
  Merging merging(FindPackage("reg"), kType);
  merging.Feed(Document(0, "full", kDesk));

  const MergeResult added = merging.Feed(Document(1, "partial", kMobile));
  EXPECT_TRUE(added.body_is_partial);
  EXPECT_FALSE(added.resync);
  EXPECT_THAT(Contacts(added),
              ElementsAre("sip:alice@192.0.2.7 REGISTERED", "sip:alice@192.0.2.8 CREATED"));
  EXPECT_THAT(Contacts(merging.Feed(Document(2, "partial", kDeskGone))),
              ElementsAre("sip:alice@192.0.2.7 EXPIRED", "sip:alice@192.0.2.8 CREATED"));
  EXPECT_THAT(Contacts(merging.Feed(Document(3, "partial", ""))),
              ElementsAre("sip:alice@192.0.2.8 CREATED"));
}

TEST(RegistrationTest, TerminatedRegistrationIsShownOnceAndMayComeBack) {
  Merging merging(FindPackage("reg"), kType);
  merging.Feed(Document(0, "full", kDesk));

  const auto over =
      StateOf<v1::RegistrationInfo>(merging.Feed(Document(1, "partial", kDeskGone, "terminated")));
  ASSERT_EQ(over.registrations_size(), 1);
  EXPECT_EQ(over.registrations(0).state(), v1::Registration::TERMINATED);
  EXPECT_EQ(over.registrations(0).contacts_size(), 1);

  EXPECT_EQ(
      StateOf<v1::RegistrationInfo>(merging.Feed(Reginfo(2, "partial", ""))).registrations_size(),
      0);
  EXPECT_THAT(Contacts(merging.Feed(Document(3, "partial", kMobile))),
              ElementsAre("sip:alice@192.0.2.8 CREATED"));
}

// ALG-A: tables by registration.
TEST(RegistrationTest, EachAddressOfRecordHasItsOwnContacts) {
  Merging merging(FindPackage("reg"), kType);
  const std::string two =
      absl::StrCat(R"(<registration aor="sip:a@example.com" id="r1" state="active">)", kDesk,
                   R"(</registration><registration aor="tel:+1201" id="r2" state="active">)",
                   kMobile, "</registration>");
  EXPECT_THAT(Contacts(merging.Feed(Reginfo(0, "full", two))),
              ElementsAre("sip:alice@192.0.2.7 REGISTERED", "sip:alice@192.0.2.8 CREATED"));

  const auto info = StateOf<v1::RegistrationInfo>(merging.Feed(Reginfo(
      1, "partial",
      absl::StrCat(R"(<registration aor="tel:+1201" id="r2" state="active">)",
                   R"(<contact id="c1" state="active" event="refreshed"><uri>tel:+1201</uri>)",
                   "</contact></registration>"))));

  ASSERT_EQ(info.registrations_size(), 2);
  EXPECT_EQ(info.registrations(0).contacts_size(), 1);
  EXPECT_EQ(info.registrations(0).contacts(0).uri(), "sip:alice@192.0.2.7");
  EXPECT_EQ(info.registrations(1).aor(), "tel:+1201");
  ASSERT_EQ(info.registrations(1).contacts_size(), 2);
  EXPECT_EQ(info.registrations(1).contacts(1).uri(), "tel:+1201");
}

// ALG-A, steps 3 and 4.
TEST(RegistrationTest, GapIsAppliedAndAskedAboutOnceAndOldDocumentsAreDiscarded) {
  Merging merging(FindPackage("reg"), kType);
  merging.Feed(Document(0, "full", kDesk));

  const MergeResult gap = merging.Feed(Document(2, "partial", kMobile));
  EXPECT_TRUE(gap.resync);
  EXPECT_THAT(Contacts(gap),
              ElementsAre("sip:alice@192.0.2.7 REGISTERED", "sip:alice@192.0.2.8 CREATED"));
  EXPECT_EQ(merging.Feed(Document(2, "partial", kDeskGone)).kind, Kind::kUnchanged);
  EXPECT_EQ(merging.Feed(Document(1, "partial", kDeskGone)).kind, Kind::kUnchanged);
  EXPECT_FALSE(merging.Feed(Document(9, "partial", kDesk)).resync);

  EXPECT_THAT(Contacts(merging.Feed(Document(10, "full", kMobile))),
              ElementsAre("sip:alice@192.0.2.8 CREATED"));
  EXPECT_TRUE(merging.Feed(Document(12, "partial", kDesk)).resync);
}

// SUB-26: no forks of one state; where there are some all the same, each shows its own.
TEST(RegistrationTest, ForksAreNotMerged) {
  Merging merging(FindPackage("reg"), kType);
  merging.Feed(Document(0, "full", kDesk), 1);
  EXPECT_THAT(Contacts(merging.Feed(Document(0, "full", kMobile), 2)),
              ElementsAre("sip:alice@192.0.2.8 CREATED"));
  EXPECT_EQ(merging.Drop(1).kind, Kind::kUnchanged);
}

TEST(RegistrationTest, BadDocumentsLeaveTheStateAndAreAskedAboutOnce) {
  const TableOfRows table = {"reg", kType, Document(0, "full", kDesk), Document(1, "partial", ""),
                             Contacts};
  ExpectBadDocumentsLeaveTheState(
      table,
      {
          {"<reginfo", "XML"},
          {"<reginfo version=\"1\" state=\"full\"/>", "root element"},
          {"<watcherinfo xmlns=\"urn:ietf:params:xml:ns:reginfo\"/>", "<reginfo>"},
          {"<reginfo xmlns=\"urn:ietf:params:xml:ns:watcherinfo\"/>", "<reginfo>"},
          {"<!DOCTYPE reginfo [<!ENTITY a \"b\">]>" + Reginfo(1, "full", ""), "XML"},
          {Document(1, "full", "<contact state=\"active\"/>"), "a contact without id"},
          {Reginfo(1, "full", "<registration aor='sip:a@b'/>"), "a registration without id"},
          {"<reginfo xmlns='urn:ietf:params:xml:ns:reginfo' state='partial'/>", "without version"},
          {Document(1, "full", kMobile), "content type", "text/plain"},
      });
}

TEST(RegistrationTest, TooManyContactsAreRefusedAndTheStateStays) {
  Merging merging(FindPackage("reg"), kType);
  merging.Feed(Document(0, "full", kDesk));
  std::string many;
  for (int i = 0; i < 10'001; ++i) absl::StrAppend(&many, "<contact id=\"", i, "\"/>");

  const MergeResult refused = merging.Feed(Document(1, "full", many));

  EXPECT_EQ(refused.kind, Kind::kError);
  EXPECT_THAT(refused.error, HasSubstr("10000"));
  EXPECT_THAT(Contacts(merging.Feed(Document(1, "partial", kMobile))),
              ElementsAre("sip:alice@192.0.2.7 REGISTERED", "sip:alice@192.0.2.8 CREATED"));
}

TEST(RegistrationTest, EmptyBodyKeepsTheState) {
  Merging merging(FindPackage("reg"), kType);
  EXPECT_EQ(merging.Feed("").kind, Kind::kUnchanged);
  EXPECT_THAT(Contacts(merging.Feed(Reginfo(0, "full", ""))), IsEmpty());
}

// What Kamailio's pua_reginfo writes: prefixes of its own do no harm.
TEST(RegistrationTest, PrefixesDoNotMatter) {
  Merging merging(FindPackage("reg"), kType, /*lenient=*/false);
  EXPECT_THAT(Contacts(merging.Feed(
                  R"(<r:reginfo xmlns:r="urn:ietf:params:xml:ns:reginfo" version="4294967295"
                      state="full"><r:registration aor="sip:a@b" id="1" state="active"><r:contact
                      id="2" state="active" event="registered" expires="3600"><r:uri>sip:a@c</r:uri>
                      </r:contact></r:registration></r:reginfo>)")),
              ElementsAre("sip:a@c REGISTERED"));
}

}  // namespace
}  // namespace sipevents::sip
