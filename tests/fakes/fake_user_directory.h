#ifndef TESTS_FAKES_FAKE_USER_DIRECTORY_H_
#define TESTS_FAKES_FAKE_USER_DIRECTORY_H_

#include <string>
#include <utility>
#include <vector>

#include "sip/user_directory.h"

namespace sipevents {

// A directory that answers when the test says.
class FakeUserDirectory : public sip::UserDirectory {
 public:
  struct Question {
    std::string user;
    std::string realm;
    Done done;
  };

  void Ask(const std::string& user, const std::string& realm, Done done) override {
    asked.push_back({user, realm, std::move(done)});
  }

  // Answers the last question.
  void Answer(absl::StatusOr<sip::UserDirectory::Answer> answer) {
    asked.back().done(std::move(answer));
  }
  void AnswerPassword(const std::string& password) {
    sip::UserDirectory::Answer answer;
    answer.user.password = password;
    Answer(std::move(answer));
  }

  std::vector<Question> asked;
};

}  // namespace sipevents

#endif  // TESTS_FAKES_FAKE_USER_DIRECTORY_H_
