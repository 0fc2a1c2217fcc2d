using System.Diagnostics;
using ArrowCid.Storage;

namespace ArrowCid.Registry;

/// <summary>
/// A store's records for a collection, a few thousand at a time: first all that there are, then what comes. Between two
/// looks it holds no segment. What is compacted meanwhile is met where it was moved to; after a gap all comes again,
/// of which only what was not read before is news.
/// </summary>
internal sealed class CollectionReading(BlockStore blocks, TimeSpan timeout, int recordsAStep)
{
    private readonly Queue<FoundRecord> _found = new();
    private readonly Dictionary<int, ulong> _passed = [];
    private readonly List<WatchGap> _gaps = [];
    private Cursor _position = Cursor.Oldest;
    private bool _isAnew;

    /// <summary>The last number of each lane when it began.</summary>
    public ulong[] Began { get; } = blocks.Listing.Marks();

    /// <summary>The first records that could not be read, in words; null where all could.</summary>
    public string? Damage { get; private set; }

    /// <summary>Whether what was read is still to be taken in.</summary>
    public bool HasFound => _found.Count > 0;

    /// <summary>Whether a record was committed after it began.</summary>
    public bool IsSince(in FoundRecord found) => found.Number > Began[found.Lane];

    /// <summary>Whether the log is another one than was read: numbers say nothing any more.</summary>
    public bool IsRewritten { get; private set; }

    /// <summary>Whether everything is read again from here on.</summary>
    public bool TakeRestart()
    {
        bool isAnew = _isAnew;
        if (isAnew) IsRewritten = false;
        _isAnew = false;
        return isAnew;
    }

    /// <summary>Reads some more records.</summary>
    /// <param name="marks">A number a lane, up to which it is to be read.</param>
    /// <returns>False once all up to there were read.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: a lane cannot be read so far.</exception>
    public bool TryReadOn(ulong[] marks)
    {
        using LogReader tail = blocks.Tail(_position, TailScope.Every);
        long started = Stopwatch.GetTimestamp();
        for (int read = 0; read < recordsAStep;)
        {
            if (tail.TryNext(out LogEvent found))
            {
                Note(in found);
                read++;
                continue;
            }

            if (HasPassed(tail.Position, marks))
            {
                _position = tail.Position;
                return false;
            }

            if (Stopwatch.GetElapsedTime(started) >= timeout)
            {
                throw new ArrowCidException(ErrorCode.Busy,
                    $"{blocks.Directory}: the log cannot be read to its end; a process may be cleaning up")
                {
                    Remedy = new Remedy(RemedyKind.CheckLog),
                };
            }

            Thread.Sleep(1);
        }

        _position = tail.Position;
        return !IsAt(_position, marks);
    }

    /// <summary>Takes in some of what was read.</summary>
    /// <param name="most">The maximum number.</param>
    /// <param name="take">Takes one in; where it throws, that one comes again.</param>
    public void Take(int most, Action<FoundRecord> take)
    {
        for (int i = 0; i < most && _found.TryPeek(out FoundRecord found); i++)
        {
            take(found);
            _ = _found.Dequeue();
        }
    }

    private void Note(in LogEvent found)
    {
        if (found.Gap is { } gap)
        {
            if (gap.Reason == GapReason.Damaged)
            {
                Damage ??= gap.ToString();
                return;
            }

            _isAnew = true;
            IsRewritten |= gap.Reason is not (GapReason.Gone or GapReason.PastEnd);
            _gaps.Add(gap);
            return;
        }

        RecordHeader record = found.Record;
        if (!record.IsBlock && record.RecordKind != RecordKind.Ref) return;
        (int lane, ulong number) = (found.Lane, record.Sequence);
        ulong passed = _passed.GetValueOrDefault(lane);
        // What was missing may be there again, and was not read.
        bool isNews = number > passed ||
            _gaps.Exists(each => each.Lane == lane && number >= each.First && number <= each.Last);
        _passed[lane] = Math.Max(passed, number);
        _found.Enqueue(new FoundRecord(record.Digest, lane, number, isNews));
    }

    private bool HasPassed(Cursor position, ulong[] marks)
    {
        if (IsAt(position, marks)) return true;
        // Where the last records of a lane were collected, no later one shows that they are missing.
        ulong[] present = blocks.Listing.PresentMarks();
        return IsAt(position, [.. marks.Select((mark, lane) => Math.Min(mark, present[lane]))]);
    }

    private static bool IsAt(Cursor position, ulong[] marks)
    {
        int lane = 0;
        while (lane < marks.Length && position.At(lane).Sequence >= marks[lane]) lane++;
        return lane == marks.Length;
    }
}
