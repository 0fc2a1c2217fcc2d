using System.Globalization;
using ArrowCid.Postgres;

namespace ArrowCid.Cli.Verbs;

/// <summary>Keeps a store a member of a pool.</summary>
internal static class PoolMembership
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(2);

    /// <summary>Joins, and joins again where the lease has ended, for example because the machine slept.</summary>
    /// <param name="store">The store.</param>
    /// <param name="registry">The pool's database.</param>
    /// <param name="blocks">The pool's blocks.</param>
    /// <param name="joined">Gets a line each time that the store has joined and has read the log.</param>
    /// <param name="end">Ends the membership.</param>
    /// <exception cref="ArrowCidException">The first attempt failed.</exception>
    public static async Task RunAsync(CidStore store, string registry, string blocks, Action<string> joined,
        CancellationToken end)
    {
        await using Pool pool = await Pool.OpenAsync(PoolTarget.OptionsOf(registry, blocks), end);
        PoolTarget.AddPlace(store, registry, blocks);
        for (bool isFirst = true; !end.IsCancellationRequested; isFirst = false)
        {
            try
            {
                await using PoolMember member = await pool.JoinAsync(store, end);
                _ = await member.PullAsync(end);
                joined(string.Create(CultureInfo.InvariantCulture, $"pool   {pool.Name} member {member.Id}"));
                await member.WhenFenced.WaitAsync(end);
            }
            catch (OperationCanceledException) when (end.IsCancellationRequested)
            {
                return;
            }
            catch (ArrowCidException e) when (!isFirst)
            {
                CommandError.Say(CommandError.Visible(Advice.Of(e)));
                await Task.WhenAny(Task.Delay(s_pause, end));
            }
        }
    }
}
