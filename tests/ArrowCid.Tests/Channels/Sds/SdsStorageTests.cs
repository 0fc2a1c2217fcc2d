using ArrowCid.Channels.Sds;

namespace ArrowCid.Tests.Channels.Sds;

/// <summary>The counterparts of nim-sds's tests of persistence, and those of the journal and its files.</summary>
public sealed class SdsStorageTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("arrowcid-sds-").FullName;
    private readonly MemoryStorage _storage = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private SdsNode Open(int history = 1_000) =>
        new(change: options => options with { Storage = _storage, History = history });

    [Fact]
    public void Unacknowledged_messages_survive_restarts()
    {
        for (int i = 1; i <= 3; i++) Open().Wrap($"m{i}");
        Assert.Equal(["m1", "m2", "m3"], Open().Participant.StateOf(SdsNode.Channel).Unacknowledged.Keys.Order());
    }

    [Fact]
    public void Clock_survives_a_restart_and_goes_on_rising()
    {
        SdsNode first = Open();
        first.Receive("m", 42);
        Assert.Equal(43, first.State.Clock);
        SdsNode second = Open();
        Assert.Equal(43, second.State.Clock);
        second.Wrap("mine");
        Assert.True(Open().State.Clock > 43);
    }

    [Fact]
    public void Delivered_messages_survive_a_restart_and_are_in_the_filter()
    {
        Open().Receive("delivered-1", 1);
        SdsNode again = Open();
        Assert.Single(again.State.Log);
        Assert.Equal(SdsReceipt.Duplicate, again.Receive("delivered-1", 1).Receipt);
        Assert.True(SdsNode.FilterHolds(again.Wrap("mine"), "delivered-1"));
    }

    [Fact]
    public void Acknowledgment_survives_a_restart()
    {
        SdsNode node = Open();
        node.Wrap("msg-x");
        node.Receive(SdsNode.Message("ack", 5, "msg-x") with { Content = default });
        Assert.Empty(Open().State.Unacknowledged);
    }

    [Fact]
    public void Removed_channel_is_deleted_once_and_begins_empty()
    {
        SdsNode node = Open();
        node.Wrap("msg-r");
        node.Receive("m2", 2, "missing");
        node.Participant.RemoveChannel(SdsNode.Channel);
        Assert.Equal(1, _storage.Deletes);
        Assert.Empty(_storage.Journals);
        SdsNode again = Open();
        Assert.Equal(0, again.State.Clock);
        Assert.Empty(again.State.Unacknowledged);
    }

    [Fact]
    public void Participant_without_storage_works()
    {
        var node = new SdsNode();
        node.Wrap("m");
        Assert.Single(node.Participant.Unacknowledged(SdsNode.Channel));
        Assert.Equal(0, node.State.PendingBytes);
    }

    [Fact]
    public void Waiting_messages_survive_a_restart_with_what_they_wait_for()
    {
        SdsNode first = Open();
        first.Receive("c", 30, "b");
        first.Receive("b", 20, "a");
        SdsNode second = Open();
        Assert.Equal(["a"], second.State.Waiting["b"].Missing);
        Assert.Equal(["b"], second.State.Waiting["c"].Missing);
        second.Receive("a", 10);
        Assert.Equal(["a", "b", "c"], second.Delivered);
        Assert.Empty(Open().State.Waiting);
        Assert.Equal(["a", "b", "c"], Open().State.Log.Select(entry => entry.Message.Id));
    }

    [Fact]
    public void Repair_requests_and_answers_survive_a_restart_with_their_times()
    {
        SdsNode first = Open();
        first.Receive("m1", 1);
        first.Receive("m5", 5, "missing");
        first.Receive(SdsNode.Asking("ask", 6, "m1"));
        long due = first.State.Requests["missing"].DueAt, answer = first.State.Answers["m1"].DueAt;
        SdsNode second = Open();
        Assert.Equal(due, second.State.Requests["missing"].DueAt);
        Assert.Equal(answer, second.State.Answers["m1"].DueAt);
    }

    [Fact]
    public void Evicted_messages_stay_evicted_after_a_restart()
    {
        SdsNode first = Open(history: 3);
        for (int i = 1; i <= 5; i++) first.Receive($"m{i}", i);
        SdsNode second = Open(history: 3);
        Assert.Equal(["m3", "m4", "m5"], second.State.Log.Select(entry => entry.Message.Id));
        second.Receive("m6", 6);
        Assert.Equal(["m4", "m5", "m6"], Open(history: 3).State.Log.Select(entry => entry.Message.Id));
    }

    [Fact]
    public void Failure_to_load_fails_the_call_and_leaves_no_channel()
    {
        _storage.FailsLoad = true;
        SdsNode node = Open();
        Assert.Throws<IOException>(() => node.Participant.OpenChannel(SdsNode.Channel));
        Assert.Empty(node.Participant.Channels);
        _storage.FailsLoad = false;
        node.Participant.OpenChannel(SdsNode.Channel);
    }

    [Fact]
    public void Failure_to_write_is_an_event_and_the_next_change_writes_all()
    {
        SdsNode node = Open();
        _storage.FailsWrite = true;
        Assert.NotEmpty(node.Wrap("m1"));
        Assert.NotEmpty(node.Wrap("m2"));
        Assert.Equal(2, node.Count(SdsEventKind.StorageFailed));
        Assert.True(node.State.PendingBytes > 0);
        _storage.FailsWrite = false;
        node.Wrap("m3");
        Assert.Equal(1, _storage.Appends);
        Assert.Equal(0, node.State.PendingBytes);
        Assert.Equal(["m1", "m2", "m3"], Open().State.Log.Select(entry => entry.Message.Id));
    }

    [Fact]
    public void Call_without_changes_writes_what_waits()
    {
        SdsNode node = Open();
        _storage.FailsWrite = true;
        node.Wrap("m1");
        _storage.FailsWrite = false;
        node.Participant.OpenChannel(SdsNode.Channel);
        Assert.Single(Open().State.Log);
    }

    [Fact]
    public void Much_that_waits_is_replaced_by_a_snapshot()
    {
        SdsNode node = Open();
        _storage.FailsWrite = true;
        for (int i = 0; i < 18; i++) node.Participant.Wrap(new byte[1 << 20], $"m{i:d2}", SdsNode.Channel);
        Assert.True(node.State.PendingBytes < 18 << 20);
        _storage.FailsWrite = false;
        node.Wrap("last");
        Assert.Equal(1, _storage.Replaces);
        SdsNode again = Open();
        Assert.Equal(19, again.State.Unacknowledged.Count);
        Assert.Equal(node.State.Clock, again.State.Clock);
    }

    [Fact]
    public void Message_evicted_and_delivered_in_one_flush_is_not_in_the_history()
    {
        // Known ids do not enter the history again, so that an eviction is final; nim-sds keeps the one added again.
        SdsNode node = Open(history: 2);
        _storage.FailsWrite = true;
        node.Receive("m1", 1);
        node.Receive("m2", 2);
        node.Receive("m3", 3);
        Assert.Equal(SdsReceipt.Duplicate, node.Receive("m1", 1).Receipt);
        _storage.FailsWrite = false;
        node.Receive("m4", 4);
        SdsNode again = Open(history: 2);
        Assert.Equal(["m3", "m4"], again.State.Log.Select(entry => entry.Message.Id));
        Assert.Equal(SdsReceipt.Duplicate, again.Receive("m1", 1).Receipt);
    }

    [Fact]
    public void Failure_to_delete_fails_the_call_and_keeps_the_channel()
    {
        SdsNode node = Open();
        node.Wrap("m1");
        _storage.FailsDelete = true;
        Assert.Throws<IOException>(() => node.Participant.RemoveChannel(SdsNode.Channel));
        Assert.Single(node.Participant.Channels);
    }

    [Fact]
    public void Journal_is_replaced_by_a_snapshot_when_it_has_grown()
    {
        SdsNode node = Open(history: 5);
        for (int i = 0; i < 400; i++) node.Receive(SdsNode.Message($"m{i:d3}", i) with { Content = new byte[20_000] });
        Assert.True(_storage.Replaces > 0);
        Assert.InRange(_storage.Journals[SdsNode.Channel].Length, 100_000, 2 << 20);
        SdsNode again = Open(history: 5);
        Assert.Equal(node.State.Log.Select(entry => entry.Message.Id), again.State.Log.Select(entry => entry.Message.Id));
        Assert.Equal(SdsReceipt.Duplicate, again.Receive("m000", 0).Receipt);
    }

    [Fact]
    public void Journal_cut_anywhere_gives_the_state_before_the_cut_frame()
    {
        SdsNode node = Open();
        for (int i = 1; i <= 3; i++) node.Receive($"m{i}", i);
        int whole = _storage.Journals[SdsNode.Channel].Length;
        node.Receive("m4", 4);
        int last = _storage.Journals[SdsNode.Channel].Length - whole;
        byte[] bytes = _storage.Journals[SdsNode.Channel];
        for (int cut = 1; cut < last; cut++)
        {
            _storage.Replace(SdsNode.Channel, bytes);
            _storage.Cut(SdsNode.Channel, cut);
            SdsNode again = Open();
            Assert.Equal(["m1", "m2", "m3"], again.State.Log.Select(entry => entry.Message.Id));
            again.Receive("m5", 5);
            Assert.Equal(4, Open().State.Log.Count);
        }
    }

    [Fact]
    public void Journal_damaged_before_its_end_is_refused()
    {
        SdsNode node = Open();
        for (int i = 1; i <= 3; i++) node.Receive($"m{i}", i);
        _storage.Damage(SdsNode.Channel, 12);
        ArrowCidException e = Assert.Throws<ArrowCid.Ipld.InvalidIpldException>(() => Open().Participant.OpenChannel(SdsNode.Channel));
        Assert.Equal(ErrorCode.InvalidData, e.Code);
    }

    [Fact]
    public void Folder_keeps_channels_in_files_and_one_process_uses_it()
    {
        const string Odd = "a/b c?:日本";
        using (var folder = new SdsFolder(_folder))
        {
            ArrowCidException e = Assert.Throws<ArrowCidException>(() => new SdsFolder(_folder));
            Assert.Equal(ErrorCode.Busy, e.Code);
            var node = new SdsNode(change: options => options with { Storage = folder });
            for (int i = 0; i < 5; i++) node.Wrap($"m{i}", Odd);
            node.Wrap("m", "other");
            folder.Append("third", [1]);
            folder.Replace("third", [2, 3]);
            folder.Append("third", [4]);
            Assert.Equal([2, 3, 4], folder.Load("third").ToArray());
            folder.Delete("third");
            folder.Delete("third");
            Assert.True(folder.Load("third").IsEmpty);
        }

        using (var folder = new SdsFolder(_folder))
        {
            var node = new SdsNode(change: options => options with { Storage = folder });
            Assert.Equal(5, node.Participant.StateOf(Odd).Log.Count);
            Assert.Single(node.Participant.StateOf("other").Log);
            node.Participant.Reset();
        }

        Assert.Equal(["lock"], Directory.EnumerateFiles(_folder).Select(Path.GetFileName));
    }
}
