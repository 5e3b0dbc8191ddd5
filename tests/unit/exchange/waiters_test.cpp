// Waiting without a thread: woken by a change, by the time, or by the end.
#include "gateway/exchange/waiters.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace chuanyu::exchange {
namespace {

using namespace std::chrono_literals;

constexpr auto kBound = 20s;  // never reached when all is well

Waiters::Clock::time_point far() { return Waiters::Clock::now() + 1h; }

std::future<Wake> wait_for(Waiters& waiters, const std::string& topic, Waiters::Clock::time_point deadline) {
  auto promise = std::make_shared<std::promise<Wake>>();
  waiters.wait(topic, deadline, [promise](Wake wake) { promise->set_value(wake); });
  return promise->get_future();
}

Wake result(std::future<Wake>& future) {
  EXPECT_EQ(future.wait_for(kBound), std::future_status::ready);
  return future.get();
}

TEST(Waiters, AChangeWakesWhoWaitsForIt) {
  Waiters waiters;
  auto first = wait_for(waiters, "a", far());
  auto second = wait_for(waiters, "a", far());
  auto other = wait_for(waiters, "b", far());
  waiters.changed({"a", "nobody's"});
  EXPECT_EQ(result(first), Wake::changed);
  EXPECT_EQ(result(second), Wake::changed);
  EXPECT_EQ(other.wait_for(0s), std::future_status::timeout);
  waiters.changed({"b"});
  EXPECT_EQ(result(other), Wake::changed);
}

TEST(Waiters, AChangeBeforeTheWaitIsNotSeen) {
  Waiters waiters;
  waiters.changed({"a"});
  auto late = wait_for(waiters, "a", Waiters::Clock::now());
  EXPECT_EQ(result(late), Wake::timed_out);
}

TEST(Waiters, TheTimeWakes) {
  Waiters waiters;
  auto soon = wait_for(waiters, "a", Waiters::Clock::now() + 5ms);
  auto never = wait_for(waiters, "a", far());
  EXPECT_EQ(result(soon), Wake::timed_out);
  EXPECT_EQ(never.wait_for(0s), std::future_status::timeout);
}

TEST(Waiters, ANearerDeadlineOvertakesOneThatWasThere) {
  Waiters waiters(1);
  auto never = wait_for(waiters, "a", far());
  auto soon = wait_for(waiters, "b", Waiters::Clock::now() + 5ms);
  EXPECT_EQ(result(soon), Wake::timed_out);
  EXPECT_EQ(never.wait_for(0s), std::future_status::timeout);
}

TEST(Waiters, AWokenOneMayWaitAgain) {
  Waiters waiters(1);
  std::promise<void> third;
  std::function<void(int)> again = [&](int times) {
    waiters.wait("a", far(), [&, times](Wake wake) {
      EXPECT_EQ(wake, Wake::changed);
      if (times == 3) return third.set_value();
      again(times + 1);
      waiters.changed({"a"});
    });
  };
  again(1);
  waiters.changed({"a"});
  EXPECT_EQ(third.get_future().wait_for(kBound), std::future_status::ready);
}

TEST(Waiters, StopCallsEveryoneAndFinishesWhatWasPosted) {
  std::atomic<int> posted = 0;
  std::future<Wake> waiting;
  {
    Waiters waiters(1);
    waiting = wait_for(waiters, "a", far());
    for (int i = 0; i < 100; ++i) waiters.post([&] { ++posted; });
    waiters.stop();
  }
  EXPECT_EQ(result(waiting), Wake::stopping);
  EXPECT_EQ(posted, 100);
}

TEST(Waiters, WhoComesWhileItStopsIsCalledAtOnce) {
  Waiters waiters(1);
  std::promise<Wake> inner;
  waiters.wait("a", far(), [&](Wake) { waiters.wait("b", far(), [&](Wake wake) { inner.set_value(wake); }); });
  waiters.stop();
  EXPECT_EQ(inner.get_future().get(), Wake::stopping);
}

TEST(Waiters, WhoIsHurriedDoesNotWaitAndWhatIsPostedStillRuns) {
  Waiters waiters(1);
  auto before = wait_for(waiters, "a", far());
  waiters.hurry();
  auto after = wait_for(waiters, "a", far());
  EXPECT_EQ(result(before), Wake::stopping);
  EXPECT_EQ(result(after), Wake::stopping);
  std::promise<void> ran;
  waiters.post([&] { ran.set_value(); });
  EXPECT_EQ(ran.get_future().wait_for(kBound), std::future_status::ready);
}

TEST(Waiters, ManyTopicsFromManyThreads) {
  Waiters waiters(4);
  std::atomic<int> woken = 0;
  constexpr int kEach = 500;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const std::string topic = std::to_string(t) + "/" + std::to_string(i);
        waiters.wait(topic, i % 2 == 0 ? far() : Waiters::Clock::now() + 1ms, [&](Wake) { ++woken; });
        if (i % 2 == 0) waiters.changed({topic});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  waiters.stop();
  EXPECT_EQ(woken, 4 * kEach);  // each once, whatever woke it
}

}  // namespace
}  // namespace chuanyu::exchange
