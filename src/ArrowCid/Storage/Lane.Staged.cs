using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>Large blocks whose bytes come from outside of a put.</summary>
internal sealed partial class Lane
{
    /// <summary>A segment for one block of at most so many bytes, in no queue.</summary>
    public StagedBlock Stage(int capacity)
    {
        Tail tail;
        lock (_gate)
        {
            Enter();
            try
            {
                tail = CreateJumbo(capacity, Layout.RecordBytes(capacity));
            }
            finally
            {
                Leave();
            }
        }

        var staged = new StagedBlock(this, tail, capacity);
        // A recycled segment has an older one's bytes, which are nobody's values.
        staged.Bytes.Clear();
        return staged;
    }

    /// <summary>Publishes what the first bytes of a staged block hold, whose digest the caller has made of
    /// them.</summary>
    /// <returns>True where it is new.</returns>
    public bool PutStaged(StagedBlock staged, in PutRequest request, in Digest256 digest, out BlockInfo info)
    {
        int length = request.Source.Length;
        staged.Bytes[length..].Clear();
        CrashPoint.Pass(CrashStep.P1);
        CrashPoint.Pass(CrashStep.P2);
        lock (_gate)
        {
            Enter();
            try
            {
                Tail tail = staged.Take();
                Turn turn = NewTurn(TurnKind.Put, tail, Layout.SegmentRecords, Layout.RecordBytes(length));
                tail.Reserved = turn.End;
                (turn.Request, turn.Facts, turn.Digest) = (request, request.Facts, digest);
                (turn.IsJumbo, turn.IsFilled) = (true, true);
                return Finish(Enqueue(turn), out info);
            }
            finally
            {
                Leave();
            }
        }
    }

    /// <summary>Takes a staged segment away that was not put.</summary>
    public void Unstage(Tail tail)
    {
        lock (_gate)
        {
            // Once the lane is let go its next owner does it.
            if (!_closing) _maker.Discard(tail.Segment);
            ReleaseTail(tail);
        }
    }
}
