#include "sip/dialog/dialog_table.h"

#include <gtest/gtest.h>

#include "tests/fakes/fake_random.h"

namespace sipevents::sip {
namespace {

class NoOwner : public DialogOwner {
 public:
  NotifyAnswer OnNotify(const IncomingNotify& /*notify*/) override { return {}; }
};

TEST(DialogTableTest, FindsTheOwnerByCallIdAndTag) {
  FakeRandom random;
  DialogTable table(random);
  NoOwner first;
  NoOwner second;
  const DialogTable::Id a = table.Add(first);
  const DialogTable::Id b = table.Add(second);

  EXPECT_EQ(table.Find(table.CallId(a), table.LocalTag(a)), &first);
  EXPECT_EQ(table.Find(table.CallId(b), table.LocalTag(b)), &second);
  EXPECT_EQ(table.Find(table.CallId(a), table.LocalTag(b)), nullptr);
}

TEST(DialogTableTest, ForgetsWhatWasRemoved) {
  FakeRandom random;
  DialogTable table(random);
  NoOwner owner;
  const DialogTable::Id id = table.Add(owner);

  table.Remove(id);

  EXPECT_EQ(table.Find(table.CallId(id), table.LocalTag(id)), nullptr);
  EXPECT_EQ(table.size(), 0u);
}

TEST(DialogTableTest, StrangersAreNotFound) {
  FakeRandom random;
  DialogTable table(random);
  NoOwner owner;
  const DialogTable::Id id = table.Add(owner);
  const std::string call_id = table.CallId(id);
  const std::string tag = table.LocalTag(id);
  std::string upper = call_id;
  for (char& c : upper) c = static_cast<char>(toupper(c));

  for (const std::string& stranger : {std::string(), std::string("x"), call_id + "x",
                                      call_id.substr(1), upper, std::string(call_id.size(), 'g')}) {
    if (stranger == call_id) continue;
    EXPECT_EQ(table.Find(stranger, tag), nullptr) << stranger;
  }
  for (const std::string& stranger : {std::string(), tag + "0", std::string("+") + tag.substr(1)}) {
    EXPECT_EQ(table.Find(call_id, stranger), nullptr) << stranger;
  }
}

TEST(DialogTableTest, TablesDoNotShareCallIds) {
  FakeRandom random;
  DialogTable one(random);
  DialogTable other(random);
  NoOwner owner;
  const DialogTable::Id id = one.Add(owner);

  EXPECT_EQ(other.Find(one.CallId(id), one.LocalTag(id)), nullptr);
}

}  // namespace
}  // namespace sipevents::sip
