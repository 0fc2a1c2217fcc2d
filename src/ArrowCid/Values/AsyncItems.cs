using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace ArrowCid;

/// <summary>Enumerates a sequence that blocks, on threads of the pool.</summary>
internal static class AsyncItems
{
    // Items that take longer come one by one.
    private const int MostAtOnce = 64;
    private static readonly TimeSpan s_most = TimeSpan.FromMilliseconds(10);

    /// <summary>Enumerates a sequence a few items ahead of its consumer. An exception comes after the items before
    /// it.</summary>
    /// <param name="open">Begins the sequence, which ends when the token is canceled.</param>
    /// <param name="mostAtOnce">The number of items that are read ahead.</param>
    /// <param name="cancellationToken">Cancels the enumeration.</param>
    public static async IAsyncEnumerable<T> Of<T>(Func<CancellationToken, IEnumerable<T>> open,
        int mostAtOnce = MostAtOnce, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        IEnumerator<T>? items = null;
        try
        {
            items = await Task.Run(() => open(cancellationToken).GetEnumerator(), cancellationToken)
                .ConfigureAwait(false);
            var some = new List<T>();
            while (true)
            {
                some.Clear();
                (bool isEnd, Exception? fault) = await Task.Run(() => Fill(items, some, mostAtOnce, cancellationToken),
                    cancellationToken).ConfigureAwait(false);
                foreach (T item in some)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    yield return item;
                }

                if (fault is not null) ExceptionDispatchInfo.Throw(fault);
                if (isEnd) yield break;
            }
        }
        finally
        {
            items?.Dispose();
        }
    }

    private static (bool IsEnd, Exception? Fault) Fill<T>(IEnumerator<T> items, List<T> some, int most,
        CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        try
        {
            while (some.Count < most && Stopwatch.GetElapsedTime(started) < s_most)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (!items.MoveNext()) return (true, null);
                some.Add(items.Current);
            }

            return (false, null);
        }
        catch (Exception e)
        {
            return (true, e);
        }
    }
}
