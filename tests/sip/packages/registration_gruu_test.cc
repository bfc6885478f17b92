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
#include "tests/sip/packages/typed.h"

// GRUUs in the package `reg` (RFC 5628).

namespace sipevents::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kType[] = "application/reginfo+xml";

// What is told of one contact; an empty GRUU is left out.
struct Told {
  std::string_view state = "partial";
  int cseq = 1;
  std::string_view temp = "";
  int first_cseq = 1;
  std::string_view pub = "";
  std::string_view call_id = "boot1";
  std::string_view first_attribute = "first-cseq";
  std::string_view contact_state = "active";
};

// Feeds one contact's documents, each with the next version.
class Registrar {
 public:
  v1::RegisteredContact Tell(const Told& told) {
    std::string gruus;
    if (!told.pub.empty()) {
      absl::StrAppend(&gruus, "<gr:pub-gruu uri=\"", AbslView(told.pub), "\"/>");
    }
    if (!told.temp.empty()) {
      absl::StrAppend(&gruus, "<gr:temp-gruu uri=\"", AbslView(told.temp), "\" ",
                      AbslView(told.first_attribute), "=\"", told.first_cseq, "\"/>");
    }
    const auto info = StateOf<v1::RegistrationInfo>(merging_.Feed(absl::StrCat(
        R"(<reginfo xmlns="urn:ietf:params:xml:ns:reginfo"
            xmlns:gr="urn:ietf:params:xml:ns:gruuinfo" version=")",
        version_++, "\" state=\"", AbslView(told.state),
        R"("><registration aor="sip:a@example.com" id="r" state="active"><contact id="c" state=")",
        AbslView(told.contact_state), "\" event=\"registered\" callid=\"", AbslView(told.call_id),
        "\" cseq=\"", told.cseq, "\"><uri>sip:a@192.0.2.7</uri>", gruus,
        "</contact></registration></reginfo>")));
    if (info.registrations_size() != 1 || info.registrations(0).contacts_size() != 1) {
      ADD_FAILURE() << info.ShortDebugString();
      return {};
    }
    return info.registrations(0).contacts(0);
  }

 private:
  Merging merging_{FindPackage("reg"), kType};
  int version_ = 0;
};

TEST(RegistrationGruuTest, GruusAreToldWithTheContact) {
  Registrar registrar;
  const auto contact =
      registrar.Tell({.state = "full", .temp = "sip:t1@x;gr", .pub = "sip:a@x;gr=1"});
  EXPECT_EQ(contact.pub_gruu(), "sip:a@x;gr=1");
  EXPECT_THAT(contact.temp_gruus(), ElementsAre("sip:t1@x;gr"));
  EXPECT_EQ(contact.uri(), "sip:a@192.0.2.7");
}

TEST(RegistrationGruuTest, NewPublicGruuReplacesTheOldOne) {
  Registrar registrar;
  registrar.Tell({.state = "full", .pub = "sip:a@x;gr=1"});
  EXPECT_EQ(registrar.Tell({.cseq = 2, .pub = "sip:a@x;gr=2"}).pub_gruu(), "sip:a@x;gr=2");
  EXPECT_EQ(registrar.Tell({.cseq = 3}).pub_gruu(), "sip:a@x;gr=2");
  EXPECT_EQ(registrar.Tell({.state = "full", .cseq = 4}).pub_gruu(), "");
}

TEST(RegistrationGruuTest, TemporaryGruusAddUpWhileTheyHold) {
  for (const std::string_view attribute : {"first-cseq", "cseq"}) {
    Registrar registrar;
    registrar.Tell({.state = "full", .cseq = 1, .temp = "t1", .first_attribute = attribute});
    EXPECT_THAT(
        registrar.Tell({.cseq = 2, .temp = "t2", .first_attribute = attribute}).temp_gruus(),
        ElementsAre("t1", "t2"));
    // A contact that tells none takes none away.
    EXPECT_THAT(registrar.Tell({.cseq = 3}).temp_gruus(), ElementsAre("t1", "t2"));
    // Those from before the first CSeq that still holds are gone.
    EXPECT_THAT(
        registrar.Tell({.cseq = 4, .temp = "t4", .first_cseq = 2, .first_attribute = attribute})
            .temp_gruus(),
        ElementsAre("t2", "t4"));
  }
}

TEST(RegistrationGruuTest, FullDocumentTellsTheNewestOnlyAndTheOthersStillHold) {
  Registrar registrar;
  registrar.Tell({.state = "full", .cseq = 1, .temp = "t1"});
  EXPECT_THAT(registrar.Tell({.state = "full", .cseq = 2, .temp = "t2"}).temp_gruus(),
              ElementsAre("t1", "t2"));
  EXPECT_THAT(registrar.Tell({.state = "full", .cseq = 2, .temp = "t2"}).temp_gruus(),
              ElementsAre("t1", "t2"));
  EXPECT_THAT(registrar.Tell({.state = "full", .cseq = 3}).temp_gruus(), IsEmpty());
}

TEST(RegistrationGruuTest, AnotherCallIdEndsAllTemporaryGruusBefore) {
  Registrar registrar;
  registrar.Tell({.state = "full", .cseq = 1, .temp = "t1", .pub = "p"});
  const auto rebooted = registrar.Tell({.cseq = 9, .temp = "t9", .call_id = "boot2"});
  EXPECT_THAT(rebooted.temp_gruus(), ElementsAre("t9"));
  EXPECT_EQ(rebooted.pub_gruu(), "p");
  EXPECT_THAT(registrar.Tell({.cseq = 1, .call_id = "boot3"}).temp_gruus(), IsEmpty());
}

TEST(RegistrationGruuTest, ContactThatIsGoneTakesItsGruusAlong) {
  Registrar registrar;
  registrar.Tell({.state = "full", .cseq = 1, .temp = "t1", .pub = "p"});
  EXPECT_THAT(registrar.Tell({.cseq = 2, .contact_state = "terminated"}).temp_gruus(), IsEmpty());
  const auto back = registrar.Tell({.cseq = 3, .temp = "t3"});
  EXPECT_THAT(back.temp_gruus(), ElementsAre("t3"));
  EXPECT_EQ(back.pub_gruu(), "");
}

// A contact may be refreshed for years.
TEST(RegistrationGruuTest, TheNewestSixtyFourAreKept) {
  Registrar registrar;
  registrar.Tell({.state = "full", .pub = "p"});
  v1::RegisteredContact last;
  for (int i = 1; i <= 100; ++i) {
    const std::string gruu = absl::StrCat("t", i);
    last = registrar.Tell({.cseq = i, .temp = gruu});
  }
  ASSERT_THAT(last.temp_gruus(), SizeIs(64));
  EXPECT_EQ(last.temp_gruus(0), "t37");
  EXPECT_EQ(last.temp_gruus(63), "t100");
  EXPECT_EQ(last.pub_gruu(), "p");
}

}  // namespace
}  // namespace sipevents::sip
