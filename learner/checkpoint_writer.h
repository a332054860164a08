#pragma once

#include <chrono>
#include <cstdint>
#include <future>
#include <string>

#include "cluster/communicator.h"
#include "learner/parameter_buffers.h"
#include "storage/checkpoint.h"

namespace journeyman::learner {

// The orders of the coordinator that have arrived. Not thread-safe; the one reader of kTagOrders.
class OrderInbox {
 public:
  explicit OrderInbox(cluster::Communicator& world) : world_(world) {}

  // Takes in what is there.
  void Poll();
  // Waits until the checkpoint of `step` is published; core::Error(kPeerFailure) after the
  // deadline.
  void WaitForPublished(int64_t step, cluster::Deadline deadline);

  bool stop_wish() const { return stop_wish_; }
  int64_t published_step() const { return published_step_; }

 private:
  void Read(const cluster::Message& message);

  cluster::Communicator& world_;
  bool stop_wish_ = false;
  int64_t published_step_ = -1;
};

// Writes this learner's part of checkpoints (training_protocol.md, "Checkpoints", phase 1): the
// snapshot is taken at once, a background thread encodes, writes and reports it. One checkpoint is
// in flight: the next Start waits until the coordinator has published the former. Not thread-safe.
class CheckpointWriter {
 public:
  // All references must outlive this.
  CheckpointWriter(storage::CheckpointStore& store, cluster::Communicator& world,
                   int coordinator_rank, OrderInbox& orders);

  // Waits for the write in flight; its error, if any, is dropped.
  ~CheckpointWriter();

  // `manifest_json`: the manifest without files from learner 0, empty from the others. Throws what
  // the former write threw (kIo), or kPeerFailure when it was not published in time.
  void Start(int64_t step, int learner, std::vector<StateRange> snapshot,
             const ParameterLayout& layout, std::string manifest_json, cluster::Deadline deadline);

  // Throws what the write in flight threw, if it has failed already; never waits. Asked at every
  // step, so that a full disk ends the job at once and not at the next checkpoint.
  void Check();

  // Waits until everything started is published; throws as Start does.
  void Finish(cluster::Deadline deadline);

  // Time that Start spent waiting for the former checkpoint.
  double stall_seconds() const { return stall_seconds_; }

 private:
  storage::CheckpointStore& store_;
  cluster::Communicator& world_;
  int coordinator_rank_;
  OrderInbox& orders_;
  std::future<void> write_;
  int64_t step_in_flight_ = -1;
  double stall_seconds_ = 0;
};

// Fills `buffers` from a published checkpoint written by any number of learners. Throws
// core::Error(kConfig) with both values when the checkpoint belongs to another `identity`, and
// kBadData when its layout differs. Another thread count only gives a warning.
void LoadCheckpoint(const storage::CheckpointStore& store,
                    const storage::CheckpointManifest& manifest, uint64_t identity,
                    int thread_count, ParameterBuffers& buffers);

}  // namespace journeyman::learner
