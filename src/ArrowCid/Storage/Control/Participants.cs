using System.Diagnostics;
using System.Text;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// The table of who has the store open for writing. It informs people and decides nothing: a slot counts while its
/// byte is locked, and what stands in it is what its owner says. A handle without a slot works as well.
/// </summary>
internal sealed class Participants(ControlFile control)
{
    private const int NonceAt = 0, ProcessAt = 8, StartAt = 16, SinceAt = 24, LaneAt = 32, NameAt = 64;
    private const int NameBytes = StoreLayout.ParticipantBytes - NameAt;

    private readonly Lock _gate = new();
    private int _own = -1;

    /// <summary>Claims the first slot whose byte is free: never used, or its owner is gone.</summary>
    public void Join()
    {
        if (!control.IsWritable) return;
        lock (_gate)
        {
            for (int slot = 0; _own < 0 && slot < StoreLayout.MaxParticipants; slot++)
            {
                if (control.TryLock(StoreLayout.ParticipantLock + slot, exclusive: true)) _own = slot;
            }

            if (_own < 0) return;
            long at = At(_own);
            control.Map.Write(at + NonceAt, 0);
            ulong who = ((ulong)FileDescriptor.EffectiveUserId << 32) | (uint)ProcessMark.Current;
            control.Map.Write(at + ProcessAt, who);
            control.Map.Write(at + StartAt, ProcessFacts.StartTicks(ProcessMark.Current));
            control.Map.Write(at + SinceAt, control.NowNanoseconds());
            control.Map.Write(at + LaneAt, 0);
            Span<byte> name = control.Map.WritableBytes(at + NameAt, NameBytes);
            name.Clear();
            _ = Encoding.UTF8.TryGetBytes(ProcessFacts.Program(ProcessMark.Current), name, out _);
            ulong nonce = SystemRandom.NextUInt64() | 1;
            control.Map.Write(at + NonceAt, nonce);
        }
    }

    /// <summary>Says which lane this handle writes.</summary>
    public void SetLane(int lane)
    {
        lock (_gate)
        {
            if (_own >= 0) control.Map.Write(At(_own) + LaneAt, (ulong)lane + 1);
        }
    }

    public void Leave()
    {
        lock (_gate)
        {
            if (_own < 0) return;
            Debug.Assert(_own < StoreLayout.MaxParticipants);
            control.Map.Write(At(_own) + NonceAt, 0);
            control.Unlock(StoreLayout.ParticipantLock + _own);
            _own = -1;
        }
    }

    /// <summary>Who is there now, this handle too.</summary>
    public List<Participant> List()
    {
        var found = new List<Participant>();
        for (int slot = 0; slot < StoreLayout.MaxParticipants; slot++)
        {
            if (control.Map.Read(At(slot) + NonceAt) == 0 || !IsOwned(slot)) continue;
            found.Add(Read(slot));
        }

        return found;
    }

    /// <summary>Empties the slots of the dead.</summary>
    /// <returns>How many there are.</returns>
    public int Sweep(bool dryRun)
    {
        int dead = 0;
        for (int slot = 0; slot < StoreLayout.MaxParticipants; slot++)
        {
            if (control.Map.Read(At(slot) + NonceAt) == 0 || IsOwned(slot)) continue;
            dead++;
            if (dryRun) continue;
            lock (_gate)
            {
                // One description never stands in its own way: the own slot is told apart under the gate.
                if (slot == _own || !control.TryLock(StoreLayout.ParticipantLock + slot, exclusive: true)) continue;
                control.Map.Write(At(slot) + NonceAt, 0);
                control.Unlock(StoreLayout.ParticipantLock + slot);
            }
        }

        return dead;
    }

    private bool IsOwned(int slot) =>
        slot == Volatile.Read(ref _own) || control.IsLockedElsewhere(StoreLayout.ParticipantLock + slot);

    private Participant Read(int slot)
    {
        long at = At(slot);
        Span<byte> name = stackalloc byte[NameBytes];
        control.Map.CopyTo(at + NameAt, name);
        int end = name.IndexOf((byte)0);
        ulong who = control.Map.Read(at + ProcessAt);
        long ticks = (long)Math.Min(control.Map.Read(at + SinceAt) / 100, (ulong)TimeSpan.FromDays(300_000).Ticks);
        return new Participant(slot, (int)(uint)who, (uint)(who >> 32), control.Map.Read(at + StartAt),
            DateTimeOffset.UnixEpoch.AddTicks(ticks), (int)(uint)control.Map.Read(at + LaneAt) - 1,
            Encoding.UTF8.GetString(end < 0 ? name : name[..end]));
    }

    private static long At(int slot)
    {
        Debug.Assert(slot is >= 0 and < StoreLayout.MaxParticipants);
        return StoreLayout.ParticipantsOffset + ((long)slot * StoreLayout.ParticipantBytes);
    }
}
