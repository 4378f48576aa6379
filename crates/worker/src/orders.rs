//! What a person has decided about this worker. The heartbeat finds out, the others follow.

use tokio::sync::watch;

/// What this worker is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Take jobs.
    Serve,
    /// Take none until resumed.
    Pause,
    /// Take none, and end once nothing runs.
    Drain,
}

/// Where the heartbeat hands orders on.
#[derive(Debug)]
pub(crate) struct OrderDesk {
    order: watch::Sender<Order>,
}

/// Where the others read them.
#[derive(Debug, Clone)]
pub(crate) struct Orders {
    order: watch::Receiver<Order>,
}

/// A worker of which nobody has decided anything.
pub(crate) fn orders() -> (OrderDesk, Orders) {
    let (sender, order) = watch::channel(Order::Serve);
    (OrderDesk { order: sender }, Orders { order })
}

impl OrderDesk {
    /// Hands on what stands now; says whether it is news.
    pub(crate) fn hand_on(&self, order: Order) -> bool {
        self.order.send_replace(order) != order
    }
}

impl Orders {
    /// Returns when this worker is found to be serving, by a look that is yet to come: for somebody who learned from
    /// elsewhere that it is not.
    pub(crate) async fn until_serving_again(&mut self) {
        self.order.mark_unchanged();
        loop {
            if self.order.changed().await.is_err() {
                // The heartbeat has ended, and with it the worker.
                std::future::pending::<()>().await;
            }
            match *self.order.borrow_and_update() {
                Order::Serve => return,
                Order::Pause | Order::Drain => {}
            }
        }
    }

    /// Returns when this worker is to end.
    pub(crate) async fn until_drained(&mut self) {
        if self.order.wait_for(|order| *order == Order::Drain).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// What stands now.
    pub(crate) fn now(&self) -> Order {
        *self.order.borrow()
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::{Order, orders};

    #[tokio::test]
    async fn who_learned_of_a_pause_elsewhere_waits_for_a_look_that_is_newer() {
        let (desk, mut orders) = orders();
        desk.hand_on(Order::Serve);
        let mut waiting = Box::pin(orders.until_serving_again());
        assert!(
            (&mut waiting).now_or_never().is_none(),
            "what stood before says nothing"
        );
        desk.hand_on(Order::Pause);
        assert!((&mut waiting).now_or_never().is_none());
        desk.hand_on(Order::Serve);
        waiting.await;
    }

    #[tokio::test]
    async fn only_a_change_is_news() {
        let (desk, mut orders) = orders();
        assert!(!desk.hand_on(Order::Serve));
        assert!(desk.hand_on(Order::Drain));
        assert!(!desk.hand_on(Order::Drain));
        orders.until_drained().await;
        assert_eq!(orders.now(), Order::Drain);
    }
}
